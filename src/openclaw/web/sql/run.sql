-- A run, and the runs that are part of it, in the order in which they began.
SELECT *
FROM ops_runs_current
WHERE run_id = :run_id OR parent_run_id = :run_id
ORDER BY run_id <> :run_id, started_at, run_id
