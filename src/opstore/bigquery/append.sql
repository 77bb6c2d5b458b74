-- Rows that are not there yet, all or none. None where the lease has a later number than the writer, or a key of a judgement is taken.
-- Among the rows is that of the lock, which is always there: changing it makes any other writing at the same time wait or begin again.
-- The numbers of the rows' tables are put into `IN (0)` before it is sent: only constants keep BigQuery from reading the other partitions.
MERGE INTO ops_rows AS t
USING (
    SELECT
        CAST(JSON_VALUE(r, '$.table_number') AS INT64) AS table_number,
        JSON_VALUE(r, '$.table_name') AS table_name,
        JSON_VALUE(r, '$.row_key') AS row_key,
        JSON_VALUE(r, '$.document') AS document
    FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS r
    WHERE
        (
            @lease = ''
            OR @fencing = (
                SELECT MAX(l.fencing)
                FROM ops_leases AS l
                WHERE l.name = @lease
            )
        )
        AND NOT EXISTS (
            SELECT 1
            FROM ops_rows AS known
            INNER JOIN UNNEST(JSON_QUERY_ARRAY(@judgements)) AS j ON known.row_key = JSON_VALUE(j, '$')
            WHERE known.table_number IN (0)
        )
) AS s
ON t.table_number IN (0) AND t.table_number = s.table_number AND t.row_key = s.row_key
WHEN MATCHED AND s.table_number = 0 THEN
    UPDATE SET document = s.document
WHEN NOT MATCHED THEN
    INSERT (table_number, table_name, row_key, document, recorded_at)
    VALUES (s.table_number, s.table_name, s.row_key, s.document, @recorded)
