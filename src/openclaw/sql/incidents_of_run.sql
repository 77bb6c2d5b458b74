-- The incidents that events of the run :run_id, or of what ran as part of it, have had an effect in.
-- BigQuery recurses by UNION ALL alone: the depth ends a circle.
WITH RECURSIVE family AS (
    SELECT
        :run_id AS run_id,
        0 AS depth
    UNION ALL
    SELECT
        r.run_id,
        f.depth + 1 AS depth
    FROM family AS f
    INNER JOIN ops_runs AS r ON f.run_id = r.parent_run_id
    WHERE r.phase = 'started' AND f.depth < 10
)

SELECT i.*
FROM ops_incidents_current AS i
WHERE
    i.incident_id IN (
        SELECT x.incident_id
        FROM family AS f
        INNER JOIN ops_events AS e ON f.run_id = e.run_id
        INNER JOIN ops_effects AS x ON e.event_id = x.event_id
    )
ORDER BY i.severity, i.opened_at, i.incident_id
