-- Of :wanted, a JSON list of {incident_id, starts, since}, those whose step has begun since.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.starts') AS step,
        json_extract(w.value, '$.since') AS since
    FROM json_each(:wanted) AS w
)

SELECT
    w.incident_id,
    w.step,
    s.run_id,
    min(s.occurred_at) AS at
FROM wanted AS w
INNER JOIN ops_runs AS s ON w.step = s.step AND w.since < s.occurred_at AND s.phase = 'started'
GROUP BY w.incident_id, w.step
