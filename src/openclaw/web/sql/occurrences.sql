-- What was seen of one incident, equal failures counted as one, the latest first. Events go with their retention; their count stays.
SELECT
    x.signature,
    max(e.type) AS type,
    max(e.resource) AS resource,
    max(e.check_name) AS check_name,
    max(e.message) AS message,
    max(e.run_id) AS run_id,
    count(*) AS number,
    min(x.occurred_at) AS first_seen,
    max(x.occurred_at) AS last_seen
FROM ops_effects AS x
LEFT JOIN ops_events AS e ON x.event_id = e.event_id
WHERE x.incident_id = :incident_id
GROUP BY x.signature
ORDER BY last_seen DESC, x.signature ASC
LIMIT :limit
