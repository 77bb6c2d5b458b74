-- Sessions that hold the advisory lock (class, key), or any lock on a table of the schema of that name.
SELECT DISTINCT
    activity.pid,
    activity.usename,
    activity.application_name,
    coalesce(activity.xact_start, activity.backend_start) AS since
FROM pg_locks AS held
INNER JOIN pg_stat_activity AS activity ON held.pid = activity.pid
INNER JOIN pg_database AS database ON held.database = database.oid
LEFT JOIN pg_class AS class ON held.relation = class.oid
WHERE
    held.granted
    AND database.datname = current_database()
    AND activity.pid <> pg_backend_pid()
    AND (
        (held.locktype = 'advisory' AND held.classid::bigint = %(class)s AND held.objid::bigint = %(key)s)
        OR class.relnamespace = to_regnamespace(%(schema)s)
    )
ORDER BY since;
