-- Of :wanted, a JSON list of {incident_id, step, since}, those whose step has come to a good end in a run begun at `since` or later.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.step') AS step,
        json_extract(w.value, '$.since') AS since
    FROM json_each(:wanted) AS w
)

SELECT
    w.incident_id,
    w.step,
    f.run_id,
    min(f.occurred_at) AS at
FROM wanted AS w
INNER JOIN ops_runs AS s ON w.step = s.step AND w.since <= s.occurred_at AND s.phase = 'started'
INNER JOIN ops_runs AS f ON s.run_id = f.run_id AND f.phase = 'finished'
WHERE f.status IN ('success', 'no_op')
GROUP BY w.incident_id, w.step
