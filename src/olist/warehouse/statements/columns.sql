-- Every column of a schema's tables, in order.
SELECT
    columns.table_name,
    columns.column_name,
    columns.data_type,
    columns.numeric_precision,
    columns.numeric_scale
FROM information_schema.columns AS columns
INNER JOIN information_schema.tables AS tables ON columns.table_schema = tables.table_schema AND columns.table_name = tables.table_name
WHERE columns.table_schema = %(schema)s AND tables.table_type = 'BASE TABLE'
ORDER BY columns.table_name, columns.ordinal_position;
