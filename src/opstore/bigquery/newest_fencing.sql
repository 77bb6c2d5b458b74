-- The number of a lease's latest holder.
SELECT MAX(fencing) AS fencing
FROM ops_leases
WHERE name = @lease
