-- Indexes, check constraints and comments that others put on the given tables, as statements that put them on those of schema `staged`.
-- Ours bear the name of one that is there, and we check nothing by constraints: ours, and what was made already, are left out.
WITH pairs AS (
    SELECT
        old.oid AS old_oid,
        new.oid AS new_oid,
        quote_ident(%(schema)s) || '.' || quote_ident(old.relname) AS old_table,
        quote_ident(%(staged)s) || '.' || quote_ident(old.relname) AS new_table
    FROM pg_class AS old
    INNER JOIN pg_class AS new ON old.relname = new.relname AND new.relnamespace = to_regnamespace(%(staged)s)
    WHERE old.relnamespace = to_regnamespace(%(schema)s) AND old.relname = any(%(tables)s)
),

indexes AS (
    SELECT
        pairs.old_table,
        pairs.new_table,
        class.relname AS name,
        'CREATE ' || CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(class.relname) || ' ON ' AS created,
        pg_get_indexdef(index.indexrelid) AS definition
    FROM pairs
    INNER JOIN pg_index AS index ON pairs.old_oid = index.indrelid
    INNER JOIN pg_class AS class ON index.indexrelid = class.oid
    WHERE to_regclass(quote_ident(%(staged)s) || '.' || quote_ident(class.relname)) IS NULL
)

SELECT
    'index ' || indexes.name || ' on ' || indexes.old_table AS named,
    indexes.created || indexes.new_table || substr(indexes.definition, 1 + length(indexes.created || indexes.old_table)) AS definition
FROM indexes
UNION ALL
SELECT
    'check constraint ' || rule.conname || ' on ' || pairs.old_table AS named,
    'ALTER TABLE ' || pairs.new_table || ' ADD CONSTRAINT ' || quote_ident(rule.conname) || ' '
    || pg_get_constraintdef(rule.oid) AS definition
FROM pairs
INNER JOIN pg_constraint AS rule ON pairs.old_oid = rule.conrelid AND rule.contype = 'c'
LEFT JOIN pg_constraint AS made ON pairs.new_oid = made.conrelid AND rule.conname = made.conname
WHERE made.oid IS NULL
UNION ALL
SELECT
    'comment on ' || pairs.old_table || coalesce('.' || kept.attname, '') AS named,
    CASE WHEN kept.attname IS NULL THEN 'COMMENT ON TABLE ' ELSE 'COMMENT ON COLUMN ' END
    || pairs.new_table || coalesce('.' || quote_ident(kept.attname), '') || ' IS ' || quote_literal(said.description) AS definition
FROM pairs
INNER JOIN pg_description AS said ON pairs.old_oid = said.objoid AND said.classoid = 'pg_class'::regclass
LEFT JOIN pg_attribute AS about ON said.objoid = about.attrelid AND said.objsubid = about.attnum
LEFT JOIN pg_attribute AS kept ON pairs.new_oid = kept.attrelid AND about.attname = kept.attname AND NOT kept.attisdropped
WHERE
    (said.objsubid = 0 OR kept.attname IS NOT NULL)
    AND coalesce(
        CASE WHEN said.objsubid = 0 THEN obj_description(pairs.new_oid, 'pg_class') ELSE col_description(pairs.new_oid, kept.attnum) END, ''
    ) = ''
ORDER BY named;
