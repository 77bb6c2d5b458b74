-- What was done about the alerts of one incident, oldest first.
SELECT
    channel,
    version,
    phase,
    attempt,
    error,
    recorded_at
FROM ops_alerts
WHERE incident_id = :incident_id AND phase IN ('sent', 'failed')
ORDER BY recorded_at, version, attempt
