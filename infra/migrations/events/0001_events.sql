-- The log. The first seven columns are those of postgres-es, so that it works
-- on this table unchanged; the others fill themselves.
CREATE TABLE events (
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL CHECK (sequence >= 0),
    event_type     text   NOT NULL,
    event_version  text   NOT NULL,
    payload        json   NOT NULL,
    metadata       json   NOT NULL,
    position       bigint GENERATED ALWAYS AS IDENTITY,
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    epoch          integer     NOT NULL DEFAULT 1,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    command_id     uuid GENERATED ALWAYS AS ((metadata ->> 'command_id')::uuid) STORED,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

-- The order in which readers of the whole log see it.
CREATE UNIQUE INDEX events_log_order ON events (epoch, transaction_id, position);

-- One command leaves its events once, for ever.
CREATE UNIQUE INDEX events_command ON events (aggregate_id, command_id)
    WHERE command_id IS NOT NULL;

-- Order numbers, handed out in blocks by transactions of their own.
CREATE TABLE order_numbers (
    platform text   PRIMARY KEY,
    next     bigint NOT NULL
);
