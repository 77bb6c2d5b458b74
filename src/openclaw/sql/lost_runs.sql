-- Runs recorded since :since that are past their deadline without an end, unless a later run of the step has come to a good end.
SELECT r.*
FROM ops_runs_current AS r
INNER JOIN ops_runs AS s ON r.run_id = s.run_id AND s.phase = 'started'
LEFT JOIN ops_events AS known ON known.event_id = :prefix || r.run_id
WHERE
    r.status = 'lost'
    AND s.recorded_at >= :since
    AND known.event_id IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM ops_runs_current AS later
        WHERE later.step = r.step AND later.started_at > r.started_at AND later.status IN ('success', 'no_op')
    )
