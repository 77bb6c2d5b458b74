-- The incidents that were seen most often since :since.
SELECT
    i.incident_id,
    i.title,
    count(*) AS times
FROM ops_effects AS e
INNER JOIN ops_incidents_current AS i ON e.incident_id = i.incident_id
WHERE e.occurred_at >= :since
GROUP BY i.incident_id, i.title
HAVING count(*) > 1
ORDER BY times DESC, i.incident_id ASC
LIMIT :limit
