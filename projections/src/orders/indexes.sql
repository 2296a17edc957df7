-- Indexes that only readers need: made when a build has filled its tables.

CREATE UNIQUE INDEX orders_external_id ON orders (platform, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_placed ON orders (placed_at, id);
CREATE INDEX orders_updated ON orders (updated_at, id);
CREATE INDEX orders_total ON orders (total, id);
CREATE INDEX orders_platform_created ON orders (platform, created_at, id);
CREATE INDEX orders_platform_placed ON orders (platform, placed_at, id);
CREATE INDEX orders_status_created ON orders (status, created_at, id);
CREATE INDEX orders_country_created ON orders (country, created_at, id);
CREATE INDEX orders_customer_created ON orders (customer_id, created_at, id) WHERE customer_id IS NOT NULL;
-- Few orders have tags or holds: those without cost nothing here.
CREATE INDEX orders_tags ON orders USING gin (tags) WHERE tags <> '{}';
CREATE INDEX orders_held ON orders (created_at, id) WHERE hold_count > 0;
CREATE INDEX order_lines_sku ON order_lines (sku, order_id);
CREATE INDEX order_payments_reference ON order_payments (reference) WHERE reference IS NOT NULL;
CREATE INDEX order_refunds_pending ON order_refunds (changed_at) WHERE status = 'pending';
CREATE INDEX order_fulfillments_tracking ON order_fulfillments (tracking_number)
    WHERE tracking_number IS NOT NULL;
-- What is to be packed, and what is on its way.
CREATE INDEX order_fulfillments_open ON order_fulfillments (created_at) WHERE status = 'open';
CREATE INDEX order_fulfillments_shipped ON order_fulfillments (shipped_at) WHERE status = 'shipped';
CREATE INDEX order_returns_open ON order_returns (requested_at)
    WHERE status IN ('requested', 'approved', 'received', 'refunded');
