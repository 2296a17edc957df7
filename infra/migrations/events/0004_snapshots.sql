-- The state of long aggregates at some version, so that a command does not
-- fold all of their events. Never truth: each can be deleted at any moment.
-- Written by transactions of their own, never by an append. `state` is opaque
-- to the database; personal data in it is sealed.
CREATE TABLE aggregate_snapshots (
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    schema_version integer     NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    state          text        NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (aggregate_type, aggregate_id)
);
