-- Read models. All of it can be made again from the log.

-- One row per projection: which build of it is served.
CREATE TABLE projections (
    name    text   PRIMARY KEY,
    version integer NOT NULL,
    -- Rises with each rebuild; part of the version of cached statistics.
    build   bigint NOT NULL,
    -- Kafka's id of the topic that the offsets belong to.
    topic_id text  NOT NULL,
    built_at timestamptz NOT NULL DEFAULT now()
);

-- Where each partition continues, and how far into the log that is. Moves in
-- the transaction that writes the rows.
CREATE TABLE projection_offsets (
    projection  text    NOT NULL,
    "partition" integer NOT NULL,
    -- The build that the offset belongs to: a projector that began before a
    -- rebuild has no right to write after it, whatever its offset.
    build       bigint  NOT NULL,
    next        bigint  NOT NULL,
    epoch       integer NOT NULL,
    xid         bigint  NOT NULL,
    position    bigint  NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, "partition")
);

CREATE TABLE orders (
    id                 uuid        PRIMARY KEY,
    version            bigint      NOT NULL,
    -- Rises when the stored document changes without the order.
    revision           integer     NOT NULL DEFAULT 0,
    "partition"        integer     NOT NULL,
    number             text        NOT NULL,
    platform           text        NOT NULL,
    external_id        text,
    kind               text        NOT NULL,
    currency           text        NOT NULL,
    country            text        NOT NULL,
    customer_id        text,
    status             text        NOT NULL,
    payment_status     text        NOT NULL,
    fulfillment_status text        NOT NULL,
    return_status      text        NOT NULL,
    total              bigint      NOT NULL,
    units              bigint      NOT NULL,
    created_at         timestamptz NOT NULL,
    placed_at          timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    -- The JSON that lists and GET send, byte for byte.
    summary            text        NOT NULL,
    document           text        NOT NULL
);
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

CREATE TABLE order_lines (
    order_id           uuid   NOT NULL,
    line_no            integer NOT NULL,
    line_id            text   NOT NULL,
    sku                text   NOT NULL,
    name               text   NOT NULL,
    quantity           bigint NOT NULL,
    cancelled_quantity bigint NOT NULL,
    amount             bigint NOT NULL,
    discount           bigint NOT NULL,
    tax                bigint NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
CREATE INDEX order_lines_sku ON order_lines (sku, order_id);

-- Each order's history, one row per event.
CREATE TABLE order_events (
    order_id uuid   NOT NULL,
    version  bigint NOT NULL,
    -- The JSON of one timeline entry, byte for byte.
    entry    text   NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- Sums by business day (UTC). The partition is part of the key so that no two
-- workers ever write the same row; readers sum over it.
CREATE TABLE order_statistics (
    day         date    NOT NULL,
    platform    text    NOT NULL,
    currency    text    NOT NULL,
    country     text    NOT NULL,
    kind        text    NOT NULL,
    "partition" integer NOT NULL,
    orders      bigint  NOT NULL,
    cancelled   bigint  NOT NULL,
    units       bigint  NOT NULL,
    items       bigint  NOT NULL,
    discounts   bigint  NOT NULL,
    shipping    bigint  NOT NULL,
    tax         bigint  NOT NULL,
    revenue     bigint  NOT NULL,
    PRIMARY KEY (day, platform, currency, country, kind, "partition")
) WITH (fillfactor = 70); -- room to update the sums of a day in place
