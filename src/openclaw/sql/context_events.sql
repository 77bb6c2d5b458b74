-- Events of incidents that are not resolved, in the runs :families (a JSON list) and in what ran as part of them: what has just
-- arrived may explain them, or be explained by them.
-- BigQuery recurses by UNION ALL alone: the depth ends a circle.
WITH RECURSIVE family AS (
    SELECT
        given.value AS run_id,
        0 AS depth
    FROM json_each(:families) AS given
    UNION ALL
    SELECT
        r.run_id,
        f.depth + 1 AS depth
    FROM family AS f
    INNER JOIN ops_runs AS r ON f.run_id = r.parent_run_id
    WHERE r.phase = 'started' AND f.depth < 10
)

SELECT
    e.*,
    i.incident_id
FROM ops_events AS e
INNER JOIN ops_effects AS x ON e.event_id = x.event_id
INNER JOIN ops_incidents_current AS i ON x.incident_id = i.incident_id
WHERE
    i.state <> 'resolved'
    AND e.run_id IN (
        SELECT f.run_id
        FROM family AS f
    )
ORDER BY e.occurred_at, e.event_id
LIMIT :most
