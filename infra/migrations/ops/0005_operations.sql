-- Bulk requests that are carried out in the background. What was uploaded, and
-- the results, are objects (`objects_url`).
CREATE TABLE operations (
    id               uuid        PRIMARY KEY,
    -- Whose it is.
    principal        text        NOT NULL,
    idempotency_key  text,
    -- SHA-256 of the lines and of how they are to be treated, so that a repeat
    -- is told from another request under the same key.
    request_hash     bytea       NOT NULL,
    dry_run          boolean     NOT NULL,
    on_invalid       text        NOT NULL CHECK (on_invalid IN ('skip', 'reject')),
    state            text        NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
    phase            text        NOT NULL DEFAULT 'waiting'
        CHECK (phase IN ('waiting', 'validating', 'executing', 'finished')),
    cancel_requested boolean     NOT NULL DEFAULT false,
    -- What carries it out. No reference: jobs are thrown away sooner.
    job_id           uuid        NOT NULL,
    input_bytes      bigint      NOT NULL,
    -- Once it is validated.
    lines            bigint,
    invalid          bigint,
    -- Lines with a stored result, and what became of them.
    done             bigint      NOT NULL DEFAULT 0,
    succeeded        bigint      NOT NULL DEFAULT 0,
    replayed         bigint      NOT NULL DEFAULT 0,
    failed           bigint      NOT NULL DEFAULT 0,
    lines_per_second double precision,
    -- Where to go on: parts that are stored, bytes that were read for them, the
    -- number of the last line among those.
    parts            integer     NOT NULL DEFAULT 0,
    read_to          bigint      NOT NULL DEFAULT 0,
    last_line        bigint      NOT NULL DEFAULT 0,
    error_code       text,
    error_detail     text,
    created_at       timestamptz NOT NULL DEFAULT statement_timestamp(),
    started_at       timestamptz,
    finished_at      timestamptz,
    expires_at       timestamptz,
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((finished_at IS NULL) = (expires_at IS NULL))
);
CREATE UNIQUE INDEX operations_once ON operations (principal, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_expiring ON operations (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX operations_open ON operations (id) WHERE finished_at IS NULL;

-- Results, some thousand lines in an object each. An object that is not named
-- here is one of an attempt that did not count.
CREATE TABLE operation_parts (
    operation_id uuid    NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    number       integer NOT NULL,
    object       text    NOT NULL,
    PRIMARY KEY (operation_id, number)
);
