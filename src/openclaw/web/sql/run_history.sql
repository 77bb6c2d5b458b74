-- The latest runs of a step since :since, for a picture.
SELECT
    run_id,
    status,
    started_at,
    seconds,
    rows_in,
    published
FROM ops_runs_current
WHERE step = :step AND started_at >= :since
ORDER BY started_at DESC, run_id DESC
LIMIT :limit
