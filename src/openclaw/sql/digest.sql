-- What happened since :since, in numbers. `silence` is the longest time between two passes of the agent, in seconds.
WITH passes AS (
    SELECT
        finished_at,
        lag(finished_at) OVER (ORDER BY finished_at) AS before
    FROM ops_heartbeats
    WHERE name = 'poll' AND finished_at >= :since
),

changes AS (
    SELECT
        sum(change = 'opened') AS opened,
        count(DISTINCT CASE WHEN state = 'resolved' THEN incident_id END) AS resolved
    FROM ops_incidents
    WHERE occurred_at >= :since
),

runs AS (
    SELECT
        sum(status IN ('success', 'no_op')) AS good,
        sum(status = 'failed') AS failed,
        sum(status = 'lost') AS lost
    FROM ops_runs_current
    WHERE parent_run_id IS NULL AND started_at >= :since
)

SELECT
    coalesce(c.opened, 0) AS opened,
    c.resolved,
    coalesce(r.good, 0) AS good,
    coalesce(r.failed, 0) AS failed,
    coalesce(r.lost, 0) AS lost,
    (SELECT count(*) FROM passes) AS polls,
    (SELECT max(unixepoch(finished_at) - unixepoch(before)) FROM passes) AS silence
FROM changes AS c
CROSS JOIN runs AS r
