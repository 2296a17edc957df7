-- Words that are like each other (trigrams), for searches. Projections name its
-- operator class with its schema, since builders look in no other than theirs.
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm'
                      AND extnamespace = 'public'::regnamespace) THEN
        RAISE EXCEPTION 'pg_trgm is in another schema than public'
            USING HINT = 'ALTER EXTENSION pg_trgm SET SCHEMA public';
    END IF;
END $$;
