-- Retention, as in ../prune.sql: what an incident rests on is never deleted, nor the newest graph of a producer or row of a lease.
-- Of leases that have gone a day is kept, for each pass reads them all.
DELETE FROM ops_rows
WHERE
    (recorded_at < @before AND table_name IN ('ops_events', 'ops_checks', 'ops_runs', 'ops_heartbeats'))
    OR (
        recorded_at < @before
        AND row_key IN (
            SELECT row_key
            FROM (
                SELECT
                    row_key,
                    recorded_at < MAX(recorded_at) OVER (PARTITION BY JSON_VALUE(document, '$.producer')) AS is_old
                FROM ops_rows
                WHERE table_name = 'ops_lineage'
            ) AS aged
            WHERE is_old
        )
    )
    OR (
        recorded_at < @leases_before
        AND row_key IN (
            SELECT row_key
            FROM (
                SELECT
                    row_key,
                    CAST(JSON_VALUE(document, '$.fencing') AS INT64)
                    < MAX(CAST(JSON_VALUE(document, '$.fencing') AS INT64))
                        OVER (PARTITION BY JSON_VALUE(document, '$.name')) AS is_old
                FROM ops_rows
                WHERE table_name = 'ops_leases'
            ) AS aged
            WHERE is_old
        )
    )
