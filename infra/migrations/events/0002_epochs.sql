-- The incarnations of the log. A log that was restored from a backup has lost
-- its last events, or may have: nothing reads or writes it until a new epoch
-- has begun. The newest row is the present epoch.
CREATE TABLE log_epochs (
    epoch             integer     PRIMARY KEY CHECK (epoch > 0),
    -- Which database it is: the cluster's system identifier, the timeline of
    -- its write-ahead log, the database's object id.
    system_identifier text        NOT NULL,
    timeline          bigint      NOT NULL,
    database          bigint      NOT NULL,
    began_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason            text,
    -- The last event of the older epochs that the log has; null: it had none.
    last_epoch        integer,
    last_xid          xid8,
    last_position     bigint,
    last_recorded_at  timestamptz,
    -- What a relay found missing that was published: the log was restored by a
    -- copy of its files, which shows in none of the above.
    contradiction     text
);

-- Which topics this log was published to. A topic that is not the last one of
-- its name is published to only once an operator has allowed it.
CREATE TABLE relay_topics (
    topic      text        NOT NULL,
    -- Kafka's id of it; empty: the next one that is found empty is allowed.
    topic_id   text        NOT NULL,
    first_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    number     bigint      GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (topic, topic_id)
);
