-- How many incidents are not resolved, by severity and state; and how many there ever were.
SELECT
    severity,
    state,
    count(*) AS number
FROM ops_incidents_current
GROUP BY severity, state
