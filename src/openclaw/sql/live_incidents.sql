-- Incidents that are not resolved, and those that were resolved since :resolved_since and may be reopened.
SELECT *
FROM ops_incidents_current
WHERE state <> 'resolved' OR occurred_at >= :resolved_since
ORDER BY opened_at, incident_id
