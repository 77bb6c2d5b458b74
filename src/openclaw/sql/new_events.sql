-- Events that had no effect yet, recorded since :since: what arrives late is new, however old it is.
SELECT e.*
FROM ops_events AS e
LEFT JOIN ops_effects AS f ON e.event_id = f.event_id
WHERE f.event_id IS NULL AND e.recorded_at >= :since
ORDER BY e.occurred_at, e.event_id
LIMIT :most
