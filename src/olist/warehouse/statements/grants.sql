-- What others may do with the given tables; the new ones inherit it.
SELECT
    class.relname AS table_name,
    acl.privilege_type AS privilege,
    role.rolname AS grantee
FROM pg_class AS class
CROSS JOIN LATERAL aclexplode(class.relacl) AS acl
LEFT JOIN pg_roles AS role ON acl.grantee = role.oid
WHERE
    class.relnamespace = to_regnamespace(%(schema)s)
    AND class.relname = any(%(tables)s)
    AND acl.grantee <> class.relowner;
