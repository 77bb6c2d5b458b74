-- The newest row of a lease.
SELECT *
FROM ops_leases
WHERE name = :name
ORDER BY fencing DESC, sequence DESC
LIMIT 1
