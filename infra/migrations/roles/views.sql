-- The read models are `orderlog_views`': a rebuild makes tables and puts them in the
-- place of others, and an erasure drops those that are left, which only their owner
-- may. Projectors and workers are that role (`ALTER ROLE … SET role`).
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO orderlog_views;
GRANT SELECT ON _sqlx_migrations TO orderlog_views, orderlog_read_api;
DO $$
DECLARE
    it record;
BEGIN
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO orderlog_views', current_database());
    FOR it IN SELECT unnest(ARRAY['orderlog_projector', 'orderlog_worker']) AS name LOOP
        IF NOT pg_has_role(it.name, 'orderlog_views', 'MEMBER') THEN
            EXECUTE format('GRANT orderlog_views TO %I', it.name);
        END IF;
    END LOOP;
    -- Whoever they belonged to goes on migrating them.
    FOR it IN
        SELECT DISTINCT pg_get_userbyid(c.relowner) AS name FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'
    LOOP
        IF NOT pg_has_role(it.name, 'orderlog_views', 'MEMBER') THEN
            EXECUTE format('GRANT orderlog_views TO %I', it.name);
        END IF;
    END LOOP;
    FOR it IN
        SELECT n.nspname AS name FROM pg_namespace n
         WHERE n.nspname ~ '^((build|retired)_|analytics$)'
           AND pg_get_userbyid(n.nspowner) <> 'orderlog_views'
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO orderlog_views', it.name);
    END LOOP;
    FOR it IN
        SELECT c.oid::regclass AS name FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v')
           AND n.nspname ~ '^(public$|(build|retired)_|analytics$)'
           AND c.relname <> '_sqlx_migrations'
           AND pg_get_userbyid(c.relowner) <> 'orderlog_views'
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO orderlog_views', it.name);
    END LOOP;
    -- A new build that is complete ends exports that still read the old one.
    IF NOT pg_has_role('orderlog_views', 'pg_signal_backend', 'MEMBER') THEN
        BEGIN
            GRANT pg_signal_backend TO orderlog_views;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'a superuser has to GRANT pg_signal_backend TO orderlog_views';
        END;
    END IF;
END
$$;

-- Queries read, also what a rebuild will put in place; people with `admin` ask for
-- builds, and for parked orders to be driven again or given up.
GRANT USAGE ON SCHEMA public TO orderlog_read_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO orderlog_read_api;
ALTER DEFAULT PRIVILEGES FOR ROLE orderlog_views GRANT SELECT ON TABLES TO orderlog_read_api;
ALTER DEFAULT PRIVILEGES FOR ROLE orderlog_views GRANT USAGE ON SCHEMAS TO orderlog_read_api;
GRANT INSERT, UPDATE ON projection_builds TO orderlog_read_api;
GRANT INSERT, UPDATE, DELETE ON redrives TO orderlog_read_api;
GRANT DELETE ON parked_orders TO orderlog_read_api;
GRANT INSERT ON parked_discards TO orderlog_read_api;
