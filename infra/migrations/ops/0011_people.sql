-- Operations that find their orders by themselves: whose they are, is in the views.
ALTER TABLE operations
    ADD COLUMN kind text NOT NULL DEFAULT 'bulk'
        CHECK (kind IN ('bulk', 'guest_orders', 'erasure')),
    -- About whom; an email only until the orders are found. Null where lines were
    -- uploaded.
    ADD COLUMN about jsonb,
    -- Whether its lines are there.
    ADD COLUMN prepared boolean NOT NULL DEFAULT true,
    -- Of an erasure: orders that it has found, until its lines are there; when keys were deleted, last, and since when readers no longer
    -- show what they sealed.
    ADD COLUMN found uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN keys_deleted_at timestamptz,
    ADD COLUMN rewritten_at timestamptz,
    ADD CHECK ((kind = 'bulk') = (about IS NULL));
