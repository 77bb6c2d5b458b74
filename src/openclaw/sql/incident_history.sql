-- The changes of one incident, oldest first.
SELECT *
FROM ops_incidents
WHERE incident_id = :incident_id
ORDER BY sequence
