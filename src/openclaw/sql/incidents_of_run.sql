-- The incidents that events of the run :run_id, or of what ran as part of it, have had an effect in.
WITH RECURSIVE family AS (
    SELECT :run_id AS run_id
    UNION
    SELECT r.run_id
    FROM family AS f
    INNER JOIN ops_runs AS r ON f.run_id = r.parent_run_id
    WHERE r.phase = 'started'
)

SELECT DISTINCT i.*
FROM family AS f
INNER JOIN ops_events AS e ON f.run_id = e.run_id
INNER JOIN ops_effects AS x ON e.event_id = x.event_id
INNER JOIN ops_incidents_current AS i ON x.incident_id = i.incident_id
ORDER BY i.severity, i.opened_at, i.incident_id
