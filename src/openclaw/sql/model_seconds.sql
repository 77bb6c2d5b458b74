-- What dbt's invocations before :until said they spent on each model, the latest :most of them.
SELECT details
FROM ops_runs
WHERE phase = 'finished' AND run_id LIKE 'dbt:%' AND details IS NOT NULL AND occurred_at < :until
ORDER BY occurred_at DESC
LIMIT :most
