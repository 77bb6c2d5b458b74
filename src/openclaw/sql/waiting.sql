-- What waits for the next pass, of events recorded since :since, and when the last pass ended.
SELECT
    (
        SELECT count(*)
        FROM ops_events AS e
        LEFT JOIN ops_effects AS x ON e.event_id = x.event_id
        WHERE x.event_id IS NULL AND e.recorded_at >= :since
    ) AS events,
    (
        SELECT count(*)
        FROM ops_alerts_current
        WHERE sent_version < version
    ) AS alerts,
    (
        SELECT max(finished_at)
        FROM ops_heartbeats
        WHERE name = 'poll'
    ) AS last_poll
