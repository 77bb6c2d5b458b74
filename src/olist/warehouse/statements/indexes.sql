-- Indexes that others made on the given tables, as statements that make them on the tables of schema `staged`. Ours bear the name of one
-- that is there: they, and what was made already, are left out.
WITH added AS (
    SELECT
        class.relname AS name,
        'CREATE ' || CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(class.relname) || ' ON ' AS created,
        quote_ident(%(schema)s) || '.' || quote_ident(served.relname) AS old_table,
        quote_ident(%(staged)s) || '.' || quote_ident(served.relname) AS new_table,
        pg_get_indexdef(index.indexrelid) AS definition
    FROM pg_index AS index
    INNER JOIN pg_class AS class ON index.indexrelid = class.oid
    INNER JOIN pg_class AS served ON index.indrelid = served.oid
    WHERE
        served.relnamespace = to_regnamespace(%(schema)s)
        AND served.relname = any(%(tables)s)
        AND to_regclass(quote_ident(%(staged)s) || '.' || quote_ident(served.relname)) IS NOT NULL
        AND to_regclass(quote_ident(%(staged)s) || '.' || quote_ident(class.relname)) IS NULL
)

SELECT
    added.name || ' on ' || added.old_table AS named,
    added.created || added.new_table || substr(added.definition, 1 + length(added.created || added.old_table)) AS definition
FROM added
ORDER BY added.name;
