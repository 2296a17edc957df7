-- A projection is built beside the one that is served, in a schema of its own
-- (build_<projection>_<build>), and takes its place in one transaction.

CREATE TABLE projection_builds (
    projection   text        NOT NULL,
    build        bigint      NOT NULL,
    state        text        NOT NULL CHECK (state IN
        ('requested', 'running', 'cancelling', 'cancelled', 'failed', 'done')),
    reason       text        NOT NULL,
    -- From here on: null until it has begun.
    phase        text,
    -- Version of the code, and what the log was when it began: everything
    -- below transaction id `horizon` of `epoch`.
    version      integer,
    epoch        integer,
    horizon      bigint,
    -- Up to where in the log the events after that were applied.
    at_epoch     integer,
    at_xid       bigint,
    at_position  bigint,
    -- About how many events there are to fold.
    estimate     bigint,
    seconds_left bigint,
    error        text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (projection, build)
);
CREATE UNIQUE INDEX projection_builds_open ON projection_builds (projection)
    WHERE state IN ('requested', 'running', 'cancelling');

-- How far a build is, by the partition that its aggregates' events have on
-- Kafka: moves in the transaction that writes the rows.
CREATE TABLE projection_build_partitions (
    projection  text    NOT NULL,
    build       bigint  NOT NULL,
    "partition" integer NOT NULL,
    -- Aggregates up to this id are in the tables.
    last_id     text    NOT NULL DEFAULT '',
    aggregates  bigint  NOT NULL DEFAULT 0,
    events      bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, build, "partition"),
    FOREIGN KEY (projection, build) REFERENCES projection_builds ON DELETE CASCADE
);

-- The tables of the served build; the next one takes their place.
ALTER TABLE projections ADD COLUMN tables text[] NOT NULL DEFAULT '{}';
UPDATE projections SET tables = ARRAY['orders', 'order_lines', 'order_payments', 'order_refunds',
    'order_fulfillments', 'order_returns', 'order_events', 'order_statistics']
 WHERE name = 'orders';

-- A projection's tables are its own code's from here on. Those of the first
-- migration stay where a build is served in them, until the next one.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM projections WHERE name = 'orders') THEN
        DROP TABLE orders, order_lines, order_payments, order_refunds, order_fulfillments,
            order_returns, order_events, order_statistics;
    END IF;
END $$;
