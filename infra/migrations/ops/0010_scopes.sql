-- What a key is for; null: everything, as for all keys that were made before.
ALTER TABLE api_keys ADD COLUMN scopes text[];
