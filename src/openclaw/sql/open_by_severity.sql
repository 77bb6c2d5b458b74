-- How many incidents are not resolved, by severity.
SELECT
    severity,
    count(*) AS number
FROM ops_incidents_current
WHERE state <> 'resolved'
GROUP BY severity
