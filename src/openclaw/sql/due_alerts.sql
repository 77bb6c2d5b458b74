-- Incidents of which :channel has not been told all. What was resolved before any channel was told of it is told; what another channel has
-- told the whole story of is not told again.
WITH told AS (
    SELECT DISTINCT incident_id
    FROM ops_alerts_current
    WHERE sent_version > 0
)

SELECT
    i.*,
    a.version,
    a.sent_version,
    a.incident_sequence AS told_sequence,
    a.event_count AS told_count
FROM ops_incidents_current AS i
LEFT JOIN ops_alerts_current AS a ON i.incident_id = a.incident_id AND a.channel = :channel
LEFT JOIN told ON i.incident_id = told.incident_id
WHERE
    a.sent_version < a.version
    OR a.incident_sequence < i.sequence
    OR a.event_count < i.event_count
    OR (a.alert_id IS NULL AND (i.state <> 'resolved' OR told.incident_id IS NULL))
ORDER BY i.severity, i.opened_at, i.incident_id
