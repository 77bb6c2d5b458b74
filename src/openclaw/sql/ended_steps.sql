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
),

-- From when on a run counts: when what it waits for had first come to a good end, or at once. As a join, for BigQuery has no EXISTS
-- without an equality.
ready AS (
    SELECT
        w.incident_id,
        min(b.ended_at) AS ready_at
    FROM wanted AS w
    INNER JOIN ended AS b ON w.since <= b.began_at AND (w.after_step = b.step OR b.step LIKE w.after_step || '.%')
    GROUP BY w.incident_id
    UNION ALL
    SELECT
        incident_id,
        since AS ready_at
    FROM wanted
    WHERE after_step IS NULL
)

SELECT
    w.incident_id,
    w.step,
    e.run_id,
    min(e.ended_at) AS at
FROM wanted AS w
INNER JOIN ready AS r ON w.incident_id = r.incident_id
INNER JOIN ended AS e ON w.step = e.step AND w.since <= e.began_at AND r.ready_at <= e.began_at
GROUP BY w.incident_id, w.step
