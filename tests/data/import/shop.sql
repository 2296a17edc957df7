-- The tables of a small shop, as SQLite and PostgreSQL both read them.
CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, email text, country text);
CREATE TABLE purchase (
    id integer PRIMARY KEY, customer_id integer REFERENCES customer, ordered_at text NOT NULL,
    paid_at text, shipped_at text, postage numeric(10, 2) NOT NULL
);
CREATE TABLE item (
    purchase_id integer NOT NULL REFERENCES purchase, position integer NOT NULL, sku text NOT NULL,
    title text NOT NULL, quantity integer NOT NULL, price numeric(10, 2) NOT NULL
);
INSERT INTO customer VALUES (1, 'Zoë O''Neil', 'zoe@example.com', 'IE'), (2, 'Max', NULL, 'ireland');
INSERT INTO purchase VALUES
    (1, 1, '2024-01-05 10:00:00', '2024-01-05 10:00:30', '2024-01-06 09:00:00', 5.50),
    (2, NULL, '2024-02-29 23:59:59', NULL, NULL, 0),
    (3, 2, '2024-03-01 12:00:00', NULL, NULL, 5.50);
INSERT INTO item VALUES
    (1, 1, 'MUG', 'Mug', 3, 9.99), (1, 2, 'TEA', 'Tea; "loose"', 1, 4.25),
    (2, 1, 'MUG', 'Mug', 1, 9.99), (3, 1, 'MUG', 'Mug', 1, 9.99);
