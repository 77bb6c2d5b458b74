-- Which checks failed most often since :since, and into how many incidents that went.
SELECT
    e.resource,
    e.check_name,
    count(*) AS number,
    count(DISTINCT x.incident_id) AS incidents,
    max(e.occurred_at) AS last_seen
FROM ops_events AS e
LEFT JOIN ops_effects AS x ON e.event_id = x.event_id
WHERE e.occurred_at >= :since
GROUP BY e.resource, e.check_name
ORDER BY number DESC, incidents DESC, e.resource ASC, e.check_name ASC
LIMIT :limit
