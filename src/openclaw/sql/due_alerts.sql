-- Incidents of which :channel has not been told all. What was resolved before any channel was told of it is told; what another channel has
-- told the whole story of is not told again.
WITH told AS (
    SELECT DISTINCT incident_id
    FROM ops_alerts_current
    WHERE sent_version > 0
),

-- How often the channel has refused the latest version of an alert.
refused AS (
    SELECT
        f.alert_id,
        count(*) AS refusals,
        max(f.recorded_at) AS refused_at
    FROM ops_alerts AS f
    INNER JOIN ops_alerts_current AS c ON f.alert_id = c.alert_id AND f.version = c.version
    WHERE f.phase = 'failed' AND f.error LIKE 'refused: %'
    GROUP BY f.alert_id
)

SELECT
    i.*,
    a.version,
    a.sent_version,
    a.incident_sequence AS told_sequence,
    a.event_count AS told_count,
    refused.refusals,
    refused.refused_at
FROM ops_incidents_current AS i
LEFT JOIN ops_alerts_current AS a ON i.incident_id = a.incident_id AND a.channel = :channel
LEFT JOIN refused ON a.alert_id = refused.alert_id
LEFT JOIN told ON i.incident_id = told.incident_id
WHERE
    a.sent_version < a.version
    OR a.incident_sequence < i.sequence
    OR a.event_count < i.event_count
    OR (a.alert_id IS NULL AND (i.state <> 'resolved' OR told.incident_id IS NULL))
ORDER BY i.severity, i.opened_at, i.incident_id
