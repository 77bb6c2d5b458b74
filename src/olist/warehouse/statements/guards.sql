-- What others put on the given tables that decides what is read of them or written to them: a new table would be without it.
WITH given AS (
    SELECT
        class.oid,
        class.oid::regclass::text AS table_name,
        class.relrowsecurity OR class.relforcerowsecurity AS has_row_security
    FROM pg_class AS class
    WHERE class.relnamespace = to_regnamespace(%(schema)s) AND class.relname = any(%(tables)s)
)

SELECT 'row security of ' || given.table_name AS named
FROM given
WHERE given.has_row_security
UNION ALL
SELECT 'policy ' || quote_ident(policy.polname) || ' on ' || given.table_name AS named
FROM given
INNER JOIN pg_policy AS policy ON given.oid = policy.polrelid
UNION ALL
SELECT 'trigger ' || quote_ident(fired.tgname) || ' on ' || given.table_name AS named
FROM given
INNER JOIN pg_trigger AS fired ON given.oid = fired.tgrelid AND NOT fired.tgisinternal
UNION ALL
SELECT 'rule ' || quote_ident(rule.rulename) || ' on ' || given.table_name AS named
FROM given
INNER JOIN pg_rewrite AS rule ON given.oid = rule.ev_class
ORDER BY named;
