-- Documents that are published as they are by now, not as events: those of a
-- projection, to a compacted topic.

-- Aggregates whose documents were written and are yet to be published: noted in
-- the transaction that writes the rows, forgotten once their documents, of that
-- transaction or a later one, are on Kafka. Rows are never updated, so who notes
-- and who forgets never wait for each other.
CREATE TABLE projection_changes (
    projection     text        NOT NULL,
    -- Also what makes a row another one than any before, over all builds.
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id             uuid        NOT NULL,
    noted_at       timestamptz NOT NULL DEFAULT now(),
    -- Why Kafka does not take the document, where it does not.
    refused        text,
    PRIMARY KEY (projection, transaction_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE INDEX projection_changes_refused ON projection_changes (projection, id)
    WHERE refused IS NOT NULL;

-- Which build's documents are published as a whole, and to which topic: another
-- build, or another topic, and all of them are published again.
CREATE TABLE projection_publications (
    projection text    PRIMARY KEY,
    topic_id   text    NOT NULL,
    build      bigint  NOT NULL,
    epoch      integer NOT NULL,
    -- Aggregates up to this id are noted as changed.
    noted_to   uuid    NOT NULL,
    -- Whether the topic may hold aggregates that the log has lost.
    prune      boolean NOT NULL,
    complete   boolean NOT NULL
);
