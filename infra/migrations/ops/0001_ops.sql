-- Who may call. The secret itself is never stored.
CREATE TABLE api_keys (
    id           text        PRIMARY KEY,
    name         text        NOT NULL,
    -- First characters of the key, shown in lists and used for the look-up.
    prefix       text        NOT NULL UNIQUE,
    -- SHA-256 of the whole key.
    hash         bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz
);

-- The keys of personal data, one per subject (a customer, else an order), each
-- wrapped by the master key. A row deleted, whatever was sealed under its key is
-- erased.
CREATE TABLE subject_keys (
    subject    uuid        PRIMARY KEY,
    -- Which master key wrapped it: the first bytes of that key's hash.
    master_key text        NOT NULL,
    wrapped    bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Secrets that every instance of a role shares, made once.
CREATE TABLE secrets (
    name       text        PRIMARY KEY,
    value      bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What the process managers know of each order. The version is a guard: an
-- event has an effect only on the row that it follows.
CREATE TABLE process_orders (
    order_id          uuid        PRIMARY KEY,
    version           bigint      NOT NULL,
    platform          text        NOT NULL,
    imported          boolean     NOT NULL,
    -- Events up to this version came with the import: history, nothing to
    -- react to. 0 where the order was not imported.
    history_until     bigint      NOT NULL,
    -- When the log recorded that it was placed; null while it is a draft.
    placed_at         timestamptz,
    archived          boolean     NOT NULL,
    -- Fulfilments that are being packed.
    open_fulfillments integer     NOT NULL
);

-- Commands to be issued: each stays until it is done. One that was refused
-- stays with the code, for people.
CREATE TABLE process_steps (
    -- Also its Idempotency-Key.
    key            text        PRIMARY KEY,
    order_id       uuid        NOT NULL REFERENCES process_orders,
    kind           text        NOT NULL,
    path           text        NOT NULL,
    body           text        NOT NULL,
    -- Whether the order must still be at the version that the row knows.
    conditional    boolean     NOT NULL,
    causation_id   uuid        NOT NULL,
    correlation_id text,
    traceparent    text,
    due_at         timestamptz NOT NULL,
    -- From when it may be taken: when it is due, or when a lease or a pause
    -- ends.
    available_at   timestamptz NOT NULL,
    -- Whoever took it last; only they may say what became of it.
    lease          uuid,
    attempts       integer     NOT NULL DEFAULT 0,
    last_error     text,
    refused_code   text,
    refused_at     timestamptz
);
CREATE INDEX process_steps_order ON process_steps (order_id, kind);
CREATE INDEX process_steps_available ON process_steps (available_at) WHERE refused_code IS NULL;
CREATE INDEX process_steps_due ON process_steps (due_at) WHERE refused_code IS NULL;
CREATE INDEX process_steps_refused ON process_steps (refused_at) WHERE refused_code IS NOT NULL;
