-- The steps that began since :since, the outermost first, then the most frequent.
SELECT
    step,
    count(*) AS number,
    count(parent_run_id) AS within
FROM ops_runs
WHERE phase = 'started' AND occurred_at >= :since
GROUP BY step
ORDER BY (within > 0) ASC, number DESC, step ASC
