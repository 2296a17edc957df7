-- Exports that are written outside of requests, and where their files are.
CREATE TABLE exports (
    id           uuid        PRIMARY KEY,
    -- The request that asked for it, and the hash of what it said, so that a
    -- repeat is told from another request under the same key.
    request_id   uuid        NOT NULL UNIQUE,
    request_hash bytea       NOT NULL,
    -- Id of the key that asked for it.
    created_by   text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('orders', 'lines', 'events')),
    format       text        NOT NULL CHECK (format IN ('ndjson', 'csv', 'parquet')),
    compression  text        NOT NULL CHECK (compression IN ('none', 'gzip', 'zstd')),
    -- As they were asked for; each release reads them as its lists do.
    filters      jsonb       NOT NULL,
    fields       text[]      NOT NULL DEFAULT '{}',
    -- What writes it.
    job_id       uuid        NOT NULL,
    -- Null as long as the job says how it stands.
    outcome      text        CHECK (outcome IN ('done', 'failed', 'cancelled')),
    -- The kind of problem that it failed with last.
    problem      text,
    -- Name of the file; there only where the file is whole.
    object       text,
    rows         bigint,
    bytes        bigint,
    sha256       bytea,
    "position"   text,
    as_of        timestamptz,
    created_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    finished_at  timestamptz,
    expires_at   timestamptz,
    -- Nobody sees it any more; a job throws its files away.
    deleted_at   timestamptz,
    CHECK ((outcome IS NULL) = (finished_at IS NULL)),
    CHECK (object IS NULL OR outcome = 'done'),
    CHECK ((outcome IS NOT DISTINCT FROM 'done') = (sha256 IS NOT NULL))
);
-- What the retention looks for.
CREATE INDEX exports_open ON exports (job_id) WHERE outcome IS NULL;
CREATE INDEX exports_with_files ON exports (expires_at) WHERE object IS NOT NULL;
CREATE INDEX exports_finished ON exports (finished_at) WHERE object IS NULL;
