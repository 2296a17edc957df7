-- Since when whoever came to it could not open its secret; null: it opens.
ALTER TABLE webhook_endpoints ADD COLUMN sealed_since timestamptz;
