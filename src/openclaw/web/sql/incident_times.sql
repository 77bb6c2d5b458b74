-- The moments that service levels are measured by, of incidents opened since :since.
SELECT
    i.incident_id,
    i.severity,
    i.state,
    i.first_seen,
    i.opened_at,
    CASE WHEN i.state = 'resolved' THEN i.occurred_at END AS resolved_at,
    min(a.first_sent_at) AS alerted_at
FROM ops_incidents_current AS i
LEFT JOIN ops_alerts_current AS a ON i.incident_id = a.incident_id
WHERE i.opened_at >= :since
GROUP BY i.incident_id, i.severity, i.state, i.first_seen, i.opened_at, i.occurred_at
ORDER BY i.opened_at, i.incident_id
