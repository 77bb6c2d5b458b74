-- One page of runs, the latest first, each with the number of all that were asked for. Without a step: runs that are part of no other.
SELECT
    run_id,
    parent_run_id,
    step,
    resource,
    status,
    started_at,
    finished_at,
    deadline_at,
    rows_in,
    published,
    rejected,
    seconds,
    message,
    count(*) OVER () AS total
FROM ops_runs_current
WHERE
    ((:step IS NULL AND parent_run_id IS NULL) OR step = :step)
    AND (:status IS NULL OR status = :status)
ORDER BY started_at DESC, run_id DESC
LIMIT :limit OFFSET :offset
