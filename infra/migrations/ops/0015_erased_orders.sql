-- Orders whose personal data was erased: what receivers of webhooks answer about them is
-- not kept, whenever they do.
CREATE TABLE erased_orders (
    order_id  uuid        PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT statement_timestamp()
);
