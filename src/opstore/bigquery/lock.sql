-- The row that every writing changes, so that no two of them can be carried out at once.
MERGE INTO ops_log AS t
USING (SELECT 'lock' AS table_name) AS s
ON t.table_name = s.table_name
WHEN NOT MATCHED THEN
    INSERT (table_name, row_key, document, recorded_at) VALUES ('lock', 'lock', '', TIMESTAMP('2000-01-01 00:00:00+00'))
