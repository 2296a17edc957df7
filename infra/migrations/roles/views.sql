-- The read models are `orderlog_views`': a rebuild makes tables and puts them in the
-- place of others, and an erasure drops those that are left, which only their owner
-- may. Projectors and workers are that role (`ALTER ROLE … SET role`).
GRANT orderlog_views TO orderlog_projector, orderlog_worker;
DO $$
DECLARE
    it record;
BEGIN
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO orderlog_views', current_database());
    -- Of this database alone: other databases of the cluster have owners of their own.
    FOR it IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND c.relname <> '_sqlx_migrations'
           AND pg_get_userbyid(c.relowner) <> 'orderlog_views'
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO orderlog_views', it.name);
    END LOOP;
    FOR it IN
        SELECT n.nspname AS name FROM pg_namespace n
         WHERE n.nspname ~ '^(build|retired)_' AND pg_get_userbyid(n.nspowner) <> 'orderlog_views'
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO orderlog_views', it.name);
    END LOOP;
END
$$;
GRANT USAGE, CREATE ON SCHEMA public TO orderlog_views;
GRANT SELECT ON _sqlx_migrations TO orderlog_views;

-- Queries read, and nothing else; also what a rebuild will put in its place.
GRANT USAGE ON SCHEMA public TO orderlog_read_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO orderlog_read_api;
ALTER DEFAULT PRIVILEGES FOR ROLE orderlog_views GRANT SELECT ON TABLES TO orderlog_read_api;
ALTER DEFAULT PRIVILEGES FOR ROLE orderlog_views GRANT USAGE ON SCHEMAS TO orderlog_read_api;
-- A new build that is complete ends exports that still read the old one.
DO $$
BEGIN
    GRANT pg_signal_backend TO orderlog_views;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'a superuser has to GRANT pg_signal_backend TO orderlog_views';
END
$$;
