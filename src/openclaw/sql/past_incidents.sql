-- Resolved incidents of a fingerprint, other than :incident_id, the latest first: how they were closed is a hint for this one.
SELECT *
FROM ops_incidents_current
WHERE fingerprint = :fingerprint AND state = 'resolved' AND incident_id <> :incident_id
ORDER BY occurred_at DESC
LIMIT 3
