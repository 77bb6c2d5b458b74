-- Whether the record's tables can be read.
SELECT COUNT(*) AS number
FROM ops_runs
