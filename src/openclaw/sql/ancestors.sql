-- Each of the runs :runs (a JSON list) with the runs that it is part of.
WITH RECURSIVE ancestors AS (
    SELECT
        given.value AS run_id,
        given.value AS ancestor,
        0 AS distance
    FROM json_each(:runs) AS given
    UNION ALL
    SELECT
        a.run_id,
        r.parent_run_id AS ancestor,
        a.distance + 1 AS distance
    FROM ancestors AS a
    INNER JOIN ops_runs AS r ON a.ancestor = r.run_id AND r.phase = 'started'
    WHERE r.parent_run_id IS NOT NULL AND a.distance < 10
)

SELECT DISTINCT
    run_id,
    ancestor,
    distance
FROM ancestors
ORDER BY run_id, distance
