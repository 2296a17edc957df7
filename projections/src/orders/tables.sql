-- Tables of the projection, with the keys that it writes by. Unqualified: a build
-- makes them in a schema of its own.

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
    -- False for a draft, and for a draft that was given up: statistics leave
    -- both out.
    placed             boolean     NOT NULL,
    confirmed          boolean     NOT NULL,
    archived           boolean     NOT NULL,
    -- Holds that are on.
    hold_count         bigint      NOT NULL,
    tags               text[]      NOT NULL,
    total              bigint      NOT NULL,
    captured           bigint      NOT NULL,
    refunded           bigint      NOT NULL,
    balance_due        bigint      NOT NULL,
    units              bigint      NOT NULL,
    created_at         timestamptz NOT NULL,
    -- Of an order that was never placed: created_at.
    placed_at          timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    -- The JSON that lists and GET send, byte for byte.
    summary            text        NOT NULL,
    document           text        NOT NULL
);

-- The lists of an order's document as rows, for searches and for SQL. What GET
-- sends is the document. Amounts are in minor units of the order's currency.

CREATE TABLE order_lines (
    order_id                  uuid    NOT NULL,
    -- Place in the document, from 1.
    line_no                   integer NOT NULL,
    line_id                   text    NOT NULL,
    sku                       text    NOT NULL,
    name                      text    NOT NULL,
    -- Minor units; null where the price has more digits than the currency,
    -- which is then in major units beside it.
    unit_price                bigint,
    unit_price_major          numeric,
    quantity                  bigint  NOT NULL,
    cancelled_quantity        bigint  NOT NULL,
    fulfilled_quantity        bigint  NOT NULL,
    shipped_quantity          bigint  NOT NULL,
    delivered_quantity        bigint  NOT NULL,
    return_requested_quantity bigint  NOT NULL,
    returned_quantity         bigint  NOT NULL,
    amount                    bigint  NOT NULL,
    discount                  bigint  NOT NULL,
    allocated_discount        bigint  NOT NULL,
    tax                       bigint  NOT NULL,
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE order_payments (
    order_id     uuid        NOT NULL,
    payment_id   text        NOT NULL,
    status       text        NOT NULL,
    amount       bigint      NOT NULL,
    captured     bigint      NOT NULL,
    refunded     bigint      NOT NULL,
    charged_back bigint      NOT NULL,
    provider     text,
    reference    text,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (order_id, payment_id)
);

CREATE TABLE order_refunds (
    order_id   uuid        NOT NULL,
    refund_id  text        NOT NULL,
    payment_id text        NOT NULL,
    return_id  text,
    status     text        NOT NULL,
    purpose    text        NOT NULL,
    amount     bigint      NOT NULL,
    -- When it came to stand where it stands.
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, refund_id)
);

CREATE TABLE order_fulfillments (
    order_id        uuid        NOT NULL,
    fulfillment_id  text        NOT NULL,
    status          text        NOT NULL,
    -- Σ quantities of what is in it.
    units           bigint      NOT NULL,
    carrier         text,
    tracking_number text,
    created_at      timestamptz NOT NULL,
    shipped_at      timestamptz,
    delivered_at    timestamptz,
    cancelled_at    timestamptz,
    PRIMARY KEY (order_id, fulfillment_id)
);

CREATE TABLE order_returns (
    order_id          uuid        NOT NULL,
    return_id         text        NOT NULL,
    status            text        NOT NULL,
    -- Σ quantities that are to come back; of them, what came, and what of that
    -- can be sold again.
    units             bigint      NOT NULL,
    received          bigint      NOT NULL,
    resellable        bigint      NOT NULL,
    refunded          bigint      NOT NULL,
    credited          bigint      NOT NULL,
    exchange_order_id uuid,
    requested_at      timestamptz NOT NULL,
    PRIMARY KEY (order_id, return_id)
);

-- Each order's history, one row per event.
CREATE TABLE order_events (
    order_id uuid   NOT NULL,
    version  bigint NOT NULL,
    -- The JSON of one timeline entry, byte for byte.
    entry    text   NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- Sums over placed orders by business day (UTC). The partition is part of the
-- key so that no two workers ever write the same row; readers sum over it.
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
    -- Money and credits of the orders that were placed on that day, whenever
    -- they moved.
    captured     bigint NOT NULL,
    refunded     bigint NOT NULL,
    charged_back bigint NOT NULL,
    credited     bigint NOT NULL,
    PRIMARY KEY (day, platform, currency, country, kind, "partition")
) WITH (fillfactor = 70); -- room to update the sums of a day in place
