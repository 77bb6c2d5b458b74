-- The row that every writing changes, so that no two of them can be carried out at once.
MERGE INTO ops_rows AS t
USING (SELECT 0 AS table_number) AS s
ON t.table_number = 0
WHEN NOT MATCHED THEN
    INSERT (table_number, table_name, row_key, document, recorded_at)
    VALUES (0, 'lock', 'lock', '', TIMESTAMP('2000-01-01 00:00:00+00'))
