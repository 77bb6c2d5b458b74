-- Of :wanted, a JSON list of {incident_id, asset, check, since}, those whose check has passed after `since`.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.asset') AS asset,
        json_extract(w.value, '$.check') AS check_name,
        json_extract(w.value, '$.since') AS since
    FROM json_each(:wanted) AS w
)

SELECT
    w.incident_id,
    c.asset,
    c.check_name,
    c.run_id,
    min(coalesce(c.occurred_at, c.recorded_at)) AS at
FROM wanted AS w
INNER JOIN ops_checks AS c ON w.asset = c.asset AND w.check_name = c.check_name
WHERE c.status = 'pass' AND coalesce(c.occurred_at, c.recorded_at) > w.since
GROUP BY w.incident_id, c.asset, c.check_name
