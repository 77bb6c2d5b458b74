-- Of :wanted, a JSON list of {incident_id, step, after, since}, those whose step has come to a good end in a run begun at `since` or later;
-- where `after` names a step, in one begun after that step, or a part of it, had begun since then and come to a good end.
WITH wanted AS (
    SELECT
        json_extract(w.value, '$.incident_id') AS incident_id,
        json_extract(w.value, '$.step') AS step,
        json_extract(w.value, '$.after') AS after_step,
        json_extract(w.value, '$.since') AS since
    FROM json_each(:wanted) AS w
),

ended AS (
    SELECT
        s.step,
        s.run_id,
        s.occurred_at AS began_at,
        f.occurred_at AS ended_at
    FROM ops_runs AS s
    INNER JOIN ops_runs AS f ON s.run_id = f.run_id AND f.phase = 'finished'
    WHERE s.phase = 'started' AND f.status IN ('success', 'no_op')
)

SELECT
    w.incident_id,
    w.step,
    e.run_id,
    min(e.ended_at) AS at
FROM wanted AS w
INNER JOIN ended AS e ON w.step = e.step AND w.since <= e.began_at
WHERE
    w.after_step IS NULL
    OR EXISTS (
        SELECT 1
        FROM ended AS b
        WHERE
            (w.after_step = b.step OR b.step LIKE w.after_step || '.%')
            AND w.since <= b.began_at
            AND b.ended_at <= e.began_at
    )
GROUP BY w.incident_id, w.step
