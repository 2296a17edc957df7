-- Keys of one platform, keys that end, and what became of them.
ALTER TABLE api_keys
    ADD COLUMN platform     text,
    ADD COLUMN expires_at   timestamptz,
    -- Within a minute or two.
    ADD COLUMN last_used_at timestamptz,
    -- The key that made or revoked it; null: the command line.
    ADD COLUMN created_by   text,
    ADD COLUMN revoked_by   text;
-- Scopes used to name what a key may do beside everything else.
UPDATE api_keys SET scopes = scopes || ARRAY[
        'orders:read', 'orders:write', 'orders:import', 'customers:read', 'customers:write', 'statistics:read',
        'platforms:read', 'platforms:write', 'products:read', 'products:write',
        'shipping:read', 'shipping:write', 'webhooks:read', 'webhooks:write',
        'exports:read', 'exports:write', 'operations:read', 'operations:write', 'admin']
 WHERE scopes IS NOT NULL;
-- What the lines of an operation may do is what whoever asked for it may do.
ALTER TABLE operations ADD COLUMN scopes text[];
