-- Incidents of which :channel has not been told all. What was resolved before any channel was told of it is told; what another channel has
-- told the whole story of is not told again.
SELECT
    i.*,
    a.version,
    a.sent_version,
    a.incident_sequence AS told_sequence,
    a.event_count AS told_count
FROM ops_incidents_current AS i
LEFT JOIN ops_alerts_current AS a ON i.incident_id = a.incident_id AND a.channel = :channel
WHERE
    a.sent_version < a.version
    OR a.incident_sequence < i.sequence
    OR a.event_count < i.event_count
    OR (
        a.alert_id IS NULL
        AND (
            i.state <> 'resolved'
            OR NOT EXISTS (
                SELECT 1
                FROM ops_alerts_current AS other
                WHERE other.incident_id = i.incident_id AND other.sent_version > 0
            )
        )
    )
ORDER BY i.severity, i.opened_at, i.incident_id
