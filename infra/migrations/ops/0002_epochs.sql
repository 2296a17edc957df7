-- The epoch of the event that a row was last changed by: after the log was
-- restored, the row may know more than the log.
ALTER TABLE process_orders ADD COLUMN epoch integer NOT NULL DEFAULT 1;

-- Up to which epoch each partition has been brought into line with the log.
-- What comes of an older epoch afterwards was read before.
CREATE TABLE process_epochs (
    "partition" integer PRIMARY KEY,
    epoch       integer NOT NULL
);
INSERT INTO process_epochs ("partition", epoch) SELECT n, 0 FROM generate_series(0, 11) n;
