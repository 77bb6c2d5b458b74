-- When each step began last, and when the agent began to watch.
SELECT
    step,
    max(occurred_at) AS started_at
FROM ops_runs
WHERE phase = 'started'
GROUP BY step
UNION ALL
SELECT
    '' AS step,
    min(started_at) AS started_at
FROM ops_heartbeats
