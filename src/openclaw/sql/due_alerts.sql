-- Incidents of which :channel has not been told all. What was resolved before any channel was told of it is told; what another channel has
-- told the whole story of is not told again.
WITH told AS (
    SELECT DISTINCT incident_id
    FROM ops_alerts_current
    WHERE sent_version > 0
),

taken AS (
    SELECT
        channel,
        max(recorded_at) AS taken_at
    FROM ops_alerts
    WHERE phase = 'sent'
    GROUP BY channel
),

-- How often the latest version of an alert has failed, and was refused, since the channel last took anything: then it may be mended.
failed AS (
    SELECT
        f.alert_id,
        count(*) AS failures,
        sum(CASE WHEN f.error LIKE 'refused: %' THEN 1 ELSE 0 END) AS refusals,
        max(CASE WHEN f.error LIKE 'refused: %' THEN f.recorded_at END) AS refused_at
    FROM ops_alerts AS f
    INNER JOIN ops_alerts_current AS c ON f.alert_id = c.alert_id AND f.version = c.version
    LEFT JOIN taken AS t ON f.channel = t.channel
    WHERE f.phase = 'failed' AND (t.taken_at IS NULL OR f.recorded_at > t.taken_at)
    GROUP BY f.alert_id
)

SELECT
    i.*,
    a.version,
    a.sent_version,
    a.incident_sequence AS told_sequence,
    a.event_count AS told_count,
    failed.refusals,
    failed.refused_at
FROM ops_incidents_current AS i
LEFT JOIN ops_alerts_current AS a ON i.incident_id = a.incident_id AND a.channel = :channel
LEFT JOIN failed ON a.alert_id = failed.alert_id
LEFT JOIN told ON i.incident_id = told.incident_id
WHERE
    a.sent_version < a.version
    OR a.incident_sequence < i.sequence
    OR a.event_count < i.event_count
    OR (a.alert_id IS NULL AND (i.state <> 'resolved' OR told.incident_id IS NULL))
ORDER BY coalesce(failed.failures, 0), i.severity, i.opened_at, i.incident_id
