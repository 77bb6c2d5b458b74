-- The platform's three roles, for the whole server. Nobody logs in as one: people and jobs are granted them.
-- The loader acts as the owner, so that whatever any loader makes belongs to one role and the next loader can publish over it.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['olist_owner', 'olist_loader', 'olist_reader'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO olist_owner', current_database());
END
$$;

GRANT olist_owner TO olist_loader;
