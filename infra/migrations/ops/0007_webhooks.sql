-- Requests that gave an endpoint another secret: a repeat gives it none.
CREATE TABLE webhook_rotations (
    -- Of the principal and its Idempotency-Key.
    request      uuid        PRIMARY KEY,
    endpoint_id  uuid        NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    -- SHA-256 of the request.
    request_hash bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX webhook_rotations_of ON webhook_rotations (endpoint_id);

-- Lists of deliveries, the newest first, by whatever they are filtered: none
-- reads its way through what somebody else was told.
CREATE INDEX webhook_deliveries_of_order ON webhook_deliveries (order_id, id)
    WHERE order_id IS NOT NULL;
CREATE INDEX webhook_deliveries_of_type ON webhook_deliveries (event_type, id);
CREATE INDEX webhook_deliveries_undelivered ON webhook_deliveries (state, id)
    WHERE state <> 'delivered';
-- What was missed is replayed in the order of ids.
DROP INDEX webhook_deliveries_missed;
CREATE INDEX webhook_deliveries_missed ON webhook_deliveries (endpoint_id, id)
    WHERE state IN ('failed', 'skipped');
