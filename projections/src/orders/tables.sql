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
    -- When the order first came to each state; null as long as it has not.
    confirmed_at        timestamptz,
    paid_at             timestamptz,
    shipped_at          timestamptz,
    delivered_at        timestamptz,
    return_requested_at timestamptz,
    refunded_at         timestamptz,
    cancelled_at        timestamptz,
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
    -- When the order was first recorded, which never changes: lists by SKU are
    -- read from an index in their order.
    created_at                timestamptz,
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

-- Whose each order is, and was. Who is forgotten
-- (`order.personal_data_erased`) is in none of it: the order is folded anew.
CREATE TABLE order_customers (
    order_id    uuid        PRIMARY KEY,
    platform    text        NOT NULL,
    -- Of whom it is now: the id that a customer is told under, and the channel's own;
    -- null for a guest's.
    subject     uuid,
    customer_id text,
    name        text,
    -- In lower case.
    email       text,
    -- Null for a draft.
    placed_at   timestamptz,
    -- Whether it ever was a guest's.
    guest       boolean     NOT NULL,
    -- Of whom it was said to be at any time.
    subjects    uuid[]      NOT NULL,
    emails      text[]      NOT NULL,
    -- Words of the customer's id, name and email.
    words       tsvector    NOT NULL
);

-- What orders are searched by. Written only when it changes, so not in `orders`:
-- each event would write its many words anew.
CREATE TABLE order_search (
    order_id    uuid        PRIMARY KEY,
    "partition" integer     NOT NULL,
    -- When the order was first recorded: searches are read in this order.
    created_at  timestamptz NOT NULL,
    -- Words of number, customer, lines and addresses, in lower case and without
    -- accents.
    words       tsvector    NOT NULL
);

-- The words among them that may be mistyped, once for each partition that has
-- them: the words that one is like are looked for here.
CREATE TABLE order_words (
    word        text    NOT NULL,
    "partition" integer NOT NULL,
    PRIMARY KEY (word, "partition")
);

-- Each order's history, one row per event.
CREATE TABLE order_events (
    order_id uuid   NOT NULL,
    version  bigint NOT NULL,
    -- The JSON of one timeline entry, byte for byte.
    entry    text   NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- Sums over placed orders. In this and the other tables of sums amounts are in
-- minor units of the currency, and the partition is part of the key so that no
-- two workers ever write the same row; readers sum over it. Room is left in the
-- pages to update sums in place.
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
