-- What others may do with the given tables and their columns; those of schema `staged` inherit it, as far as they have the columns.
WITH pairs AS (
    SELECT
        old.oid AS old_oid,
        old.relname,
        old.relowner,
        old.relacl,
        new.oid AS new_oid
    FROM pg_class AS old
    INNER JOIN pg_class AS new ON old.relname = new.relname AND new.relnamespace = to_regnamespace(%(staged)s)
    WHERE old.relnamespace = to_regnamespace(%(schema)s) AND old.relname = any(%(tables)s)
),

granted AS (
    SELECT
        pairs.relname,
        pairs.relowner,
        pairs.relacl AS acl,
        NULL AS attname
    FROM pairs
    UNION ALL
    SELECT
        pairs.relname,
        pairs.relowner,
        attribute.attacl,
        attribute.attname
    FROM pairs
    INNER JOIN pg_attribute AS attribute ON pairs.old_oid = attribute.attrelid AND NOT attribute.attisdropped
    INNER JOIN pg_attribute AS kept ON pairs.new_oid = kept.attrelid AND attribute.attname = kept.attname AND NOT kept.attisdropped
)

SELECT
    granted.relname AS table_name,
    granted.attname AS column_name,
    item.privilege_type AS privilege,
    role.rolname AS grantee,
    item.is_grantable
FROM granted
CROSS JOIN LATERAL aclexplode(granted.acl) AS item
LEFT JOIN pg_roles AS role ON item.grantee = role.oid
WHERE item.grantee <> granted.relowner;
