-- The number of a lease's latest holder.
SELECT MAX(CAST(JSON_VALUE(document, '$.fencing') AS INT64)) AS fencing
FROM ops_log
WHERE table_name = 'ops_leases' AND JSON_VALUE(document, '$.name') = @lease
