-- What went wrong in a run or in what ran as part of it, and the incident that each event went into.
SELECT
    e.event_id,
    e.type,
    e.resource,
    e.check_name,
    e.message,
    e.occurred_at,
    x.incident_id
FROM ops_events AS e
LEFT JOIN ops_effects AS x ON e.event_id = x.event_id
WHERE
    e.run_id = :run_id
    OR e.run_id IN (
        SELECT r.run_id
        FROM ops_runs AS r
        WHERE r.parent_run_id = :run_id
    )
ORDER BY e.occurred_at, e.event_id
LIMIT :limit
