-- Retention. What an incident rests on is kept with it: its effects, changes and alerts are never deleted. Of leases that have gone a day
-- is kept: nobody asks for them, and each pass adds some.
DELETE FROM ops_events
WHERE recorded_at < :before;

DELETE FROM ops_checks
WHERE recorded_at < :before;

DELETE FROM ops_runs
WHERE recorded_at < :before;

DELETE FROM ops_heartbeats
WHERE recorded_at < :before;

DELETE FROM ops_lineage
WHERE
    recorded_at < :before
    AND NOT EXISTS (
        SELECT 1
        FROM ops_lineage_current AS c
        WHERE c.producer = ops_lineage.producer AND c.recorded_at = ops_lineage.recorded_at
    );

DELETE FROM ops_leases
WHERE
    recorded_at < :leases_before
    AND EXISTS (
        SELECT 1
        FROM ops_leases AS later
        WHERE later.name = ops_leases.name AND later.fencing > ops_leases.fencing
    )
