-- What was done about an alert, oldest first.
SELECT *
FROM ops_alerts
WHERE alert_id = :alert_id
ORDER BY version, attempt, recorded_at
