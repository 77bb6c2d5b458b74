-- The daily work that is done for the day :today, by its name.
SELECT name
FROM ops_heartbeats
WHERE name LIKE '%:' || :today
