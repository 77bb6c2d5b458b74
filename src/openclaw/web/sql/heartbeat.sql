-- The last time that the agent has looked at the record, and what it did.
SELECT
    holder,
    started_at,
    finished_at,
    summary
FROM ops_heartbeats
ORDER BY finished_at DESC
LIMIT 1
