-- Views that read the given tables, directly or through other views, those read by others first.
-- Their definitions name today's tables, so running them again after the tables were exchanged points them to the new ones.
WITH RECURSIVE dependents AS (
    SELECT
        rewrite.ev_class AS oid,
        1 AS depth
    FROM pg_depend AS depend
    INNER JOIN pg_rewrite AS rewrite ON depend.objid = rewrite.oid
    INNER JOIN pg_class AS source ON depend.refobjid = source.oid
    WHERE
        depend.classid = 'pg_rewrite'::regclass
        AND depend.refclassid = 'pg_class'::regclass
        AND source.relnamespace = to_regnamespace(%(schema)s)
        AND source.relname = any(%(tables)s)
    UNION
    SELECT
        rewrite.ev_class,
        dependents.depth + 1
    FROM dependents
    INNER JOIN pg_depend AS depend ON dependents.oid = depend.refobjid
    INNER JOIN pg_rewrite AS rewrite ON depend.objid = rewrite.oid
    WHERE
        depend.classid = 'pg_rewrite'::regclass
        AND depend.refclassid = 'pg_class'::regclass
        AND rewrite.ev_class <> dependents.oid
)

SELECT
    view_schema.nspname AS view_schema,
    view_class.relname AS view_name,
    coalesce('WITH (' || array_to_string(view_class.reloptions, ', ') || ') ', '')
    || 'AS ' || pg_get_viewdef(view_class.oid) AS definition
FROM dependents
INNER JOIN pg_class AS view_class ON dependents.oid = view_class.oid
INNER JOIN pg_namespace AS view_schema ON view_class.relnamespace = view_schema.oid
WHERE view_class.relkind = 'v'
GROUP BY view_class.oid, view_schema.nspname, view_class.relname, view_class.reloptions
ORDER BY max(dependents.depth);
