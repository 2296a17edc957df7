-- Projection `orders`, version 3: sums by hour, by statuses, by product, by
-- customer, and the funnel (docs/STATISTICS.md). What was stored before is made
-- again by the rebuild that the new version leads to.

-- When the order first came to each state; null as long as it has not.
ALTER TABLE orders
    ADD COLUMN confirmed_at        timestamptz,
    ADD COLUMN paid_at             timestamptz,
    ADD COLUMN shipped_at          timestamptz,
    ADD COLUMN delivered_at        timestamptz,
    ADD COLUMN return_requested_at timestamptz,
    ADD COLUMN refunded_at         timestamptz,
    ADD COLUMN cancelled_at        timestamptz;

-- When the order was first recorded, which never changes: lists by SKU are read
-- from this index in their order.
ALTER TABLE order_lines ADD COLUMN created_at timestamptz;
DROP INDEX order_lines_sku;
CREATE INDEX order_lines_sku ON order_lines (sku, created_at, order_id);

-- One index per order that lists can be sorted by, with every column of a fixed
-- size or of few values that they can be filtered by. Conditions on columns
-- behind the first ones do not shorten the scan, but are checked in the index:
-- of the table only the rows of the page are read, whatever the combination of
-- filters. What one in 80 orders has is found within 200 pages.
DROP INDEX orders_created, orders_placed, orders_updated, orders_total,
    orders_platform_created, orders_platform_placed, orders_status_created;
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
-- Beside orders_country_created and orders_customer_created: what is rarer.
CREATE INDEX orders_kind_created ON orders (kind, created_at, id) WHERE kind <> 'order';
CREATE INDEX orders_balance ON orders (balance_due) WHERE balance_due <> 0;

-- Sums over placed orders. In this and the other tables of sums amounts are in
-- minor units of the currency, and the partition is part of the key so that no
-- two workers ever write the same row; readers sum over it. Room is left in the
-- pages to update sums in place.
DROP TABLE order_statistics;
CREATE TABLE order_statistics (
    -- False: by the hour in which the order was placed, whenever things came to
    -- be. True: by the hour in which they happened, as differences.
    by_event    boolean     NOT NULL,
    hour        timestamptz NOT NULL,
    platform    text        NOT NULL,
    currency    text        NOT NULL,
    country     text        NOT NULL,
    kind        text        NOT NULL,
    "partition" integer     NOT NULL,
    orders       bigint NOT NULL,
    cancelled    bigint NOT NULL,
    units        bigint NOT NULL,
    items        bigint NOT NULL,
    discounts    bigint NOT NULL,
    shipping     bigint NOT NULL,
    tax          bigint NOT NULL,
    revenue      bigint NOT NULL,
    captured     bigint NOT NULL,
    refunded     bigint NOT NULL,
    charged_back bigint NOT NULL,
    credited     bigint NOT NULL,
    PRIMARY KEY (by_event, hour, platform, currency, country, kind, "partition")
) WITH (fillfactor = 70);

-- The same by the statuses that the orders have now; by the hour in which they
-- were placed.
CREATE TABLE order_status_statistics (
    hour               timestamptz NOT NULL,
    platform           text        NOT NULL,
    currency           text        NOT NULL,
    country            text        NOT NULL,
    kind               text        NOT NULL,
    status             text        NOT NULL,
    payment_status     text        NOT NULL,
    fulfillment_status text        NOT NULL,
    return_status      text        NOT NULL,
    "partition"        integer     NOT NULL,
    orders       bigint NOT NULL,
    cancelled    bigint NOT NULL,
    units        bigint NOT NULL,
    items        bigint NOT NULL,
    discounts    bigint NOT NULL,
    shipping     bigint NOT NULL,
    tax          bigint NOT NULL,
    revenue      bigint NOT NULL,
    captured     bigint NOT NULL,
    refunded     bigint NOT NULL,
    charged_back bigint NOT NULL,
    credited     bigint NOT NULL,
    PRIMARY KEY (hour, platform, currency, country, kind, status, payment_status,
                 fulfillment_status, return_status, "partition")
) WITH (fillfactor = 70);

-- What each event moved: the ledger behind the sums by event, from which they
-- are taken back where an order is folded anew.
CREATE TABLE order_movements (
    order_id    uuid        NOT NULL,
    version     bigint      NOT NULL,
    -- 1 for the second group of an event that took its order from one group to
    -- another, else 0.
    part        smallint    NOT NULL,
    "partition" integer     NOT NULL,
    happened_at timestamptz NOT NULL,
    platform    text        NOT NULL,
    currency    text        NOT NULL,
    country     text        NOT NULL,
    kind        text        NOT NULL,
    orders       bigint NOT NULL,
    cancelled    bigint NOT NULL,
    units        bigint NOT NULL,
    items        bigint NOT NULL,
    discounts    bigint NOT NULL,
    shipping     bigint NOT NULL,
    tax          bigint NOT NULL,
    revenue      bigint NOT NULL,
    captured     bigint NOT NULL,
    refunded     bigint NOT NULL,
    charged_back bigint NOT NULL,
    credited     bigint NOT NULL,
    PRIMARY KEY (order_id, version, part)
);

-- Products by business day (UTC).
CREATE TABLE product_statistics (
    sku         text    NOT NULL,
    day         date    NOT NULL,
    platform    text    NOT NULL,
    currency    text    NOT NULL,
    "partition" integer NOT NULL,
    orders         bigint NOT NULL,
    units          bigint NOT NULL,
    returned_units bigint NOT NULL,
    amount         bigint NOT NULL,
    discounts      bigint NOT NULL,
    tax            bigint NOT NULL,
    PRIMARY KEY (sku, day, platform, currency, "partition")
) WITH (fillfactor = 90);

-- Customers by business day (UTC).
CREATE TABLE customer_statistics (
    platform    text    NOT NULL,
    customer    text    NOT NULL,
    day         date    NOT NULL,
    currency    text    NOT NULL,
    "partition" integer NOT NULL,
    orders       bigint NOT NULL,
    cancelled    bigint NOT NULL,
    units        bigint NOT NULL,
    revenue      bigint NOT NULL,
    captured     bigint NOT NULL,
    refunded     bigint NOT NULL,
    charged_back bigint NOT NULL,
    credited     bigint NOT NULL,
    PRIMARY KEY (platform, customer, day, currency, "partition")
) WITH (fillfactor = 90);

-- Orders by business day (UTC), by the steps that they have taken, and by how
-- long each took: bucket 0 for no second, else n for 2^(n-1) to 2^n - 1.
CREATE TABLE order_funnel (
    day         date     NOT NULL,
    platform    text     NOT NULL,
    step        text     NOT NULL,
    bucket      smallint NOT NULL,
    "partition" integer  NOT NULL,
    orders      bigint   NOT NULL,
    seconds     bigint   NOT NULL,
    PRIMARY KEY (day, platform, step, bucket, "partition")
) WITH (fillfactor = 70);
