-- Indexes that only readers need: made when a build has filled its tables.

CREATE UNIQUE INDEX orders_external_id ON orders (platform, external_id) WHERE external_id IS NOT NULL;
-- One index per order that lists can be sorted by, with every column of a fixed
-- size or of few values that they can be filtered by. Conditions on columns
-- behind the first ones do not shorten the scan, but are checked in the index:
-- of the table only the rows of the page are read, whatever the combination of
-- filters. What one in 80 orders has is found within 200 pages.
CREATE INDEX orders_created ON orders (created_at, id, platform, status, payment_status,
    fulfillment_status, return_status, kind, currency, country, archived, placed, hold_count,
    total, balance_due, placed_at, updated_at);
CREATE INDEX orders_placed ON orders (placed_at, id, platform, status, payment_status,
    fulfillment_status, return_status, kind, currency, country, archived, placed, hold_count,
    total, balance_due, created_at, updated_at);
CREATE INDEX orders_updated ON orders (updated_at, id, platform, status, payment_status,
    fulfillment_status, return_status, kind, currency, country, archived, placed, hold_count,
    total, balance_due, created_at, placed_at);
CREATE INDEX orders_total ON orders (total, id, platform, status, payment_status,
    fulfillment_status, return_status, kind, currency, country, archived, placed, hold_count,
    balance_due, created_at, placed_at, updated_at);
-- What is rarer.
CREATE INDEX orders_country_created ON orders (country, created_at, id);
CREATE INDEX orders_customer_created ON orders (customer_id, created_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_kind_created ON orders (kind, created_at, id) WHERE kind <> 'order';
CREATE INDEX orders_balance ON orders (balance_due) WHERE balance_due <> 0;
-- Few orders have tags or holds: those without cost nothing here.
CREATE INDEX orders_tags ON orders USING gin (tags) WHERE tags <> '{}';
CREATE INDEX orders_held ON orders (created_at, id) WHERE hold_count > 0;
-- What is found elsewhere is looked up by its id, one by one: in two pages, where
-- the primary key takes four.
CREATE INDEX orders_by_id ON orders USING hash (id);
CREATE INDEX order_lines_sku ON order_lines (sku, created_at, order_id);
CREATE INDEX order_payments_reference ON order_payments (reference) WHERE reference IS NOT NULL;
CREATE INDEX order_refunds_pending ON order_refunds (changed_at) WHERE status = 'pending';
CREATE INDEX order_fulfillments_tracking ON order_fulfillments (tracking_number)
    WHERE tracking_number IS NOT NULL;
-- What is to be packed, and what is on its way.
CREATE INDEX order_fulfillments_open ON order_fulfillments (created_at) WHERE status = 'open';
CREATE INDEX order_fulfillments_shipped ON order_fulfillments (shipped_at) WHERE status = 'shipped';
CREATE INDEX order_returns_open ON order_returns (requested_at)
    WHERE status IN ('requested', 'approved', 'received', 'refunded');
-- A customer's last order, and customers by theirs.
CREATE INDEX order_customers_last ON order_customers (subject, placed_at, order_id)
    WHERE subject IS NOT NULL AND placed_at IS NOT NULL;
CREATE INDEX order_customers_placed ON order_customers (placed_at, order_id, subject, platform)
    WHERE subject IS NOT NULL AND placed_at IS NOT NULL;
CREATE INDEX order_customers_id ON order_customers (customer_id) WHERE customer_id IS NOT NULL;
-- Every order that somebody is to be forgotten in.
CREATE INDEX order_customers_known ON order_customers USING gin (subjects, emails, words)
    WITH (gin_pending_list_limit = 512);
-- Searches. What is written waits in a list that readers go through, so it is
-- kept short (kB).
CREATE INDEX order_search_words ON order_search USING gin (words)
    WITH (gin_pending_list_limit = 512);
CREATE INDEX order_search_created ON order_search (created_at, order_id);
CREATE INDEX order_words_like ON order_words USING gin (word public.gin_trgm_ops)
    WITH (gin_pending_list_limit = 512);
