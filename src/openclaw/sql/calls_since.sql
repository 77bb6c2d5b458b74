-- How many requests the model got for advice since :since.
SELECT coalesce(sum(json_extract(advice, '$.asked')), 0) AS calls
FROM ops_incidents
WHERE change = 'advised' AND occurred_at >= :since
