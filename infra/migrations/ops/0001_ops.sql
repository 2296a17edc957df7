-- Who may call. The secret itself is never stored.
CREATE TABLE api_keys (
    id           text        PRIMARY KEY,
    name         text        NOT NULL,
    -- First characters of the key, shown in lists and used for the look-up.
    prefix       text        NOT NULL UNIQUE,
    -- SHA-256 of the whole key.
    hash         bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz
);

-- Secrets that every instance of a role shares, made once.
CREATE TABLE secrets (
    name       text        PRIMARY KEY,
    value      bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
