-- A build that parks much of what is served is complete and waits until somebody
-- accepts that (phase `held`).
ALTER TABLE projection_builds ADD COLUMN accept_parked boolean NOT NULL DEFAULT false;
-- How many of its indexes are made, of the statements that make them: one that is
-- refused is tried again, the others are not.
ALTER TABLE projection_builds ADD COLUMN indexed integer NOT NULL DEFAULT 0;

-- Records that named no order and that somebody has taken for nobody's: what was
-- parked, who said so, and why. The record itself is on Kafka, at the place that
-- its id names.
CREATE TABLE parked_discards (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection   text        NOT NULL,
    id           text        NOT NULL,
    "partition"  integer     NOT NULL,
    -- Why it was parked, and since when.
    parked       text        NOT NULL,
    parked_at    timestamptz NOT NULL,
    actor        text        NOT NULL,
    reason       text        NOT NULL,
    discarded_at timestamptz NOT NULL DEFAULT now()
);
