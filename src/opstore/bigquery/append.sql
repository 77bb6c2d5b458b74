-- Rows that are not there yet, all or none. None where the lease has a later number than the writer, or a key of a judgement is taken.
-- Among the rows is that of the lock, which is always there: changing it makes any other writing at the same time wait or begin again.
MERGE INTO ops_log AS t
USING (
    SELECT
        JSON_VALUE(r, '$.table_name') AS table_name,
        JSON_VALUE(r, '$.row_key') AS row_key,
        JSON_VALUE(r, '$.document') AS document
    FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS r
    WHERE
        (
            @lease = ''
            OR @fencing = (
                SELECT MAX(CAST(JSON_VALUE(l.document, '$.fencing') AS INT64))
                FROM ops_log AS l
                WHERE l.table_name = 'ops_leases' AND JSON_VALUE(l.document, '$.name') = @lease
            )
        )
        AND NOT EXISTS (
            SELECT 1
            FROM ops_log AS known
            INNER JOIN UNNEST(JSON_QUERY_ARRAY(@judgements)) AS j ON known.row_key = JSON_VALUE(j, '$')
        )
) AS s
ON t.table_name = s.table_name AND t.row_key = s.row_key
WHEN MATCHED AND s.table_name = 'lock' THEN
    UPDATE SET document = s.document
WHEN NOT MATCHED THEN
    INSERT (table_name, row_key, document, recorded_at) VALUES (s.table_name, s.row_key, s.document, @recorded)
