-- Who is told of order events over HTTP.
CREATE TABLE webhook_endpoints (
    id               uuid        PRIMARY KEY,
    url              text        NOT NULL,
    description      text,
    -- Types of events: `order.placed`, `order.*`, `*`.
    event_types      text[]      NOT NULL,
    -- Only events of orders of this platform.
    platform         text,
    -- Whether an order's events are told one after the other.
    ordered          boolean     NOT NULL,
    -- Whether the history of imported orders is told as well.
    imported         boolean     NOT NULL,
    -- Requests at once.
    concurrency      integer     NOT NULL CHECK (concurrency > 0),
    state            text        NOT NULL DEFAULT 'enabled'
        CHECK (state IN ('enabled', 'disabled')),
    -- Why it is disabled: somebody asked for it, it answered 410, it failed for
    -- days.
    disabled_by      text        CHECK (disabled_by IN ('request', 'gone', 'failing')),
    disabled_at      timestamptz,
    CHECK ((state = 'disabled') = (disabled_by IS NOT NULL)),
    CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)),
    -- Sealed with the master key of this name.
    master_key       text        NOT NULL,
    secret           bytea       NOT NULL,
    -- Signs beside the new one for a while.
    old_secret       bytea,
    old_secret_until timestamptz,
    -- The request that has set the secret last, so that a repeat sets none.
    rotated_by       uuid,
    -- Failed requests in a row, and since when there was nothing else.
    failures         integer     NOT NULL DEFAULT 0,
    failing_since    timestamptz,
    -- Where it fails, nothing is sent before.
    rests_until      timestamptz,
    last_success_at  timestamptz,
    -- SHA-256 of the request that made it, so that a repeat is told from
    -- another request under the same key.
    request_hash     bytea       NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT statement_timestamp(),
    updated_at       timestamptz NOT NULL DEFAULT statement_timestamp(),
    -- Nobody sees it any more; its deliveries go with the retention.
    deleted_at       timestamptz
);
CREATE INDEX webhook_endpoints_told ON webhook_endpoints (created_at) WHERE deleted_at IS NULL;

-- What is told, once for all endpoints.
CREATE TABLE webhook_messages (
    -- The event's id; of a ping, a random one.
    id             uuid        PRIMARY KEY,
    event_type     text        NOT NULL,
    -- Null of a ping.
    order_id       uuid,
    order_version  bigint,
    -- The body, to the byte.
    body           text        NOT NULL,
    traceparent    text,
    correlation_id text,
    created_at     timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX webhook_messages_created ON webhook_messages (created_at);

-- Who is told of what, and what came of it.
CREATE TABLE webhook_deliveries (
    id            uuid        PRIMARY KEY,
    endpoint_id   uuid        NOT NULL REFERENCES webhook_endpoints,
    message_id    uuid        NOT NULL REFERENCES webhook_messages,
    -- As in the message: order of deliveries, and filters of lists.
    event_type    text        NOT NULL,
    order_id      uuid,
    order_version bigint,
    state         text        NOT NULL
        CHECK (state IN ('pending', 'delivered', 'failed', 'skipped')),
    -- Failed requests; of a replay, since then.
    attempts      integer     NOT NULL DEFAULT 0,
    -- Not before.
    due_at        timestamptz NOT NULL DEFAULT statement_timestamp(),
    last_error    text,
    finished_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
    -- Each event once per endpoint.
    UNIQUE (message_id, endpoint_id)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
-- What to send next.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at, id)
    WHERE state = 'pending';
-- What an ordered endpoint has to be told before.
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (endpoint_id, order_id, order_version)
    WHERE state = 'pending';
-- What was not delivered.
CREATE INDEX webhook_deliveries_missed ON webhook_deliveries (endpoint_id, created_at)
    WHERE state IN ('failed', 'skipped');
-- For people.
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, id);

-- Each request, and what was answered.
CREATE TABLE webhook_attempts (
    id          uuid        PRIMARY KEY,
    delivery_id uuid        NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    duration_ms integer     NOT NULL,
    -- Null where nothing was answered.
    status      integer,
    error       text,
    -- The beginning of the answer's body.
    answer      text
);
CREATE INDEX webhook_attempts_of ON webhook_attempts (delivery_id, at);
