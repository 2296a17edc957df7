-- Orders that wait because an event of theirs cannot be read or applied, and
-- what came of them since. Written by the projector that owns the partition,
-- in the transaction that moves its offset; the rows of the order stay as they
-- are meanwhile.

CREATE TABLE parked_orders (
    -- In the order in which they were parked.
    number       bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    projection   text        NOT NULL,
    -- The order's id; of a record that names no order its place:
    -- `record-<build>-<partition>-<offset>`.
    id           text        NOT NULL,
    "partition"  integer     NOT NULL,
    -- Version of the order's row; 0 without one.
    version      bigint      NOT NULL,
    -- Why it waits: of the last attempt.
    reason       text        NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT now(),
    -- How often it was driven again, and when last.
    attempts     integer     NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    PRIMARY KEY (projection, id)
);
CREATE INDEX parked_orders_partition ON parked_orders (projection, "partition");

-- The records that wait, as they stood on Kafka (personal data is sealed).
CREATE TABLE parked_events (
    projection    text    NOT NULL,
    -- A topic that was made anew counts its offsets from zero, and is another
    -- build's.
    build         bigint  NOT NULL,
    "partition"   integer NOT NULL,
    "offset"      bigint  NOT NULL,
    id            text    NOT NULL,
    -- Version of the order after it, where that can be read.
    version       bigint,
    key           bytea,
    header_names  text[]  NOT NULL,
    header_values bytea[] NOT NULL,
    value         bytea,
    PRIMARY KEY (projection, build, "partition", "offset"),
    FOREIGN KEY (projection, id) REFERENCES parked_orders ON DELETE CASCADE
);
CREATE INDEX parked_events_id ON parked_events (projection, id, build, "offset");

-- What the projector is asked to make again from the log: parked orders, and
-- others that somebody found to differ.
CREATE TABLE redrives (
    projection   text        NOT NULL,
    id           text        NOT NULL,
    "partition"  integer     NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, id)
);
CREATE INDEX redrives_partition ON redrives (projection, "partition", requested_at);

-- How often rows were changed without moving the offset: part of the version
-- of what is computed from them.
ALTER TABLE projection_offsets ADD COLUMN redriven bigint NOT NULL DEFAULT 0;
