-- Schema `analytics`: what analysts may rely on, beside the tables, which may
-- change with each release. The names end in the version: a view only ever gets
-- columns, at its end; whatever else changes gets the next version, beside the
-- old one for a release. Nothing personal is in it but the ids of customers.
-- Amounts are in minor units of `currency`, times are in UTC.
--
-- Run again whenever the tables were made anew: a view is of the tables that it
-- was made on, not of their names.

CREATE SCHEMA IF NOT EXISTS analytics;
COMMENT ON SCHEMA analytics IS
    'Views for analysts. Amounts in minor units of the currency; never add up amounts of different currencies.';

DROP VIEW IF EXISTS analytics.orders_v1, analytics.order_lines_v1, analytics.payments_v1,
    analytics.refunds_v1, analytics.fulfillments_v1, analytics.returns_v1,
    analytics.order_events_v1, analytics.movements_v1, analytics.customers_v1,
    analytics.daily_orders_v1, analytics.daily_movements_v1, analytics.daily_products_v1,
    analytics.cohorts_v1, analytics.funnel_v1;

CREATE VIEW analytics.orders_v1 AS
    SELECT id AS order_id, number, platform, external_id, kind, currency, country, customer_id,
           status, payment_status, fulfillment_status, return_status, confirmed, archived,
           hold_count, tags, units, (t ->> 'items')::bigint AS items,
           (t ->> 'discounts')::bigint AS discounts, (t ->> 'shipping')::bigint AS shipping,
           (t ->> 'tax')::bigint AS tax, total, (t ->> 'credited')::bigint AS credited, captured,
           refunded, (t ->> 'charged_back')::bigint AS charged_back, balance_due, created_at,
           CASE WHEN placed THEN placed_at END AS placed_at, confirmed_at, paid_at, shipped_at,
           delivered_at, return_requested_at, refunded_at, cancelled_at, updated_at, version
      FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t);
COMMENT ON VIEW analytics.orders_v1 IS 'One row per order, drafts included, as it stands now.';
COMMENT ON COLUMN analytics.orders_v1.placed_at IS
    'Business time, in the past for imports; null for a draft. Daily figures go by it.';
COMMENT ON COLUMN analytics.orders_v1.created_at IS 'When the log first recorded the order.';
COMMENT ON COLUMN analytics.orders_v1.total IS 'items - discounts + shipping + tax, over what is not cancelled.';
COMMENT ON COLUMN analytics.orders_v1.balance_due IS
    'total - credited - captured + refunded + charged_back; negative: to be given back.';
COMMENT ON COLUMN analytics.orders_v1.paid_at IS
    'When the total was first captured, as the other columns of this kind: when a state was first reached.';

CREATE VIEW analytics.order_lines_v1 AS
    SELECT order_id, line_no, line_id, platform, kind, currency, status,
           CASE WHEN placed THEN placed_at END AS placed_at, sku, name, unit_price,
           unit_price_major, quantity, cancelled_quantity, fulfilled_quantity, shipped_quantity,
           delivered_quantity, return_requested_quantity, returned_quantity, amount, discount,
           allocated_discount, tax
      FROM order_lines JOIN orders ON id = order_id;
COMMENT ON VIEW analytics.order_lines_v1 IS 'One row per line of an order, with what is needed to group it by.';
COMMENT ON COLUMN analytics.order_lines_v1.amount IS
    '(quantity - cancelled_quantity) x unit price, before discounts.';

CREATE VIEW analytics.payments_v1 AS
    SELECT order_id, payment_id, platform, currency, p.status, p.amount, p.captured, p.refunded,
           p.charged_back, provider, p.created_at
      FROM order_payments p JOIN orders ON id = order_id;
COMMENT ON VIEW analytics.payments_v1 IS 'One row per payment.';

CREATE VIEW analytics.refunds_v1 AS
    SELECT order_id, refund_id, payment_id, return_id, platform, currency, r.status, purpose,
           amount, changed_at
      FROM order_refunds r JOIN orders ON id = order_id;
COMMENT ON VIEW analytics.refunds_v1 IS
    'One row per refund; money has moved where the status is succeeded, at changed_at.';

CREATE VIEW analytics.fulfillments_v1 AS
    SELECT order_id, fulfillment_id, platform, f.status, f.units, carrier, f.created_at,
           f.shipped_at, f.delivered_at, f.cancelled_at
      FROM order_fulfillments f JOIN orders ON id = order_id;
COMMENT ON VIEW analytics.fulfillments_v1 IS 'One row per fulfilment (goods that leave together).';

CREATE VIEW analytics.returns_v1 AS
    SELECT order_id, return_id, platform, currency, r.status, r.units, received, resellable,
           r.refunded, credited, exchange_order_id, requested_at
      FROM order_returns r JOIN orders ON id = order_id;
COMMENT ON VIEW analytics.returns_v1 IS 'One row per return.';

CREATE VIEW analytics.order_events_v1 AS
    SELECT order_id, version, entry::json ->> 'type' AS type,
           (entry::json ->> 'time')::timestamptz AS recorded_at, entry::json ->> 'actor' AS actor
      FROM order_events;
COMMENT ON VIEW analytics.order_events_v1 IS 'One row per event: what happened to an order, when, and who did it.';

CREATE VIEW analytics.movements_v1 AS
    SELECT order_id, version, happened_at, platform, currency, country, kind, orders, cancelled,
           units, items, discounts, shipping, tax, revenue, captured, refunded, charged_back,
           credited
      FROM order_movements;
COMMENT ON VIEW analytics.movements_v1 IS
    'The ledger: what each event changed in the figures, as a difference, when it happened. Sums over any time are the figures by event date.';
COMMENT ON COLUMN analytics.movements_v1.happened_at IS
    'The business time of the event where it has one, else when it was recorded.';

CREATE VIEW analytics.customers_v1 AS
    SELECT platform, customer AS customer_id, currency, sum(orders)::bigint AS orders,
           sum(cancelled)::bigint AS cancelled, sum(units)::bigint AS units,
           sum(revenue)::bigint AS revenue, sum(captured)::bigint AS captured,
           sum(refunded)::bigint AS refunded, sum(charged_back)::bigint AS charged_back,
           sum(credited)::bigint AS credited,
           min(day) FILTER (WHERE orders > 0) AS first_order,
           max(day) FILTER (WHERE orders > 0) AS last_order
      FROM customer_statistics GROUP BY platform, customer, currency;
COMMENT ON VIEW analytics.customers_v1 IS
    'Totals of each customer in each currency. An id belongs to its platform; orders without one are left out. Orders are sales; amounts count credits and adjustments, too.';

CREATE VIEW analytics.daily_orders_v1 AS
    SELECT (hour AT TIME ZONE 'UTC')::date AS day, platform, currency, country, kind,
           sum(orders)::bigint AS orders, sum(cancelled)::bigint AS cancelled,
           sum(units)::bigint AS units, sum(items)::bigint AS items,
           sum(discounts)::bigint AS discounts, sum(shipping)::bigint AS shipping,
           sum(tax)::bigint AS tax, sum(revenue)::bigint AS revenue,
           sum(captured)::bigint AS captured, sum(refunded)::bigint AS refunded,
           sum(charged_back)::bigint AS charged_back, sum(credited)::bigint AS credited
      FROM order_statistics WHERE NOT by_event GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW analytics.daily_orders_v1 IS
    'By the day on which orders were placed: a refund on Tuesday of an order of Monday is in the row of Monday.';

CREATE VIEW analytics.daily_movements_v1 AS
    SELECT (hour AT TIME ZONE 'UTC')::date AS day, platform, currency, country, kind,
           sum(orders)::bigint AS orders, sum(cancelled)::bigint AS cancelled,
           sum(units)::bigint AS units, sum(items)::bigint AS items,
           sum(discounts)::bigint AS discounts, sum(shipping)::bigint AS shipping,
           sum(tax)::bigint AS tax, sum(revenue)::bigint AS revenue,
           sum(captured)::bigint AS captured, sum(refunded)::bigint AS refunded,
           sum(charged_back)::bigint AS charged_back, sum(credited)::bigint AS credited
      FROM order_statistics WHERE by_event GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW analytics.daily_movements_v1 IS
    'By the day on which things happened: a refund on Tuesday of an order of Monday is in the row of Tuesday.';

CREATE VIEW analytics.daily_products_v1 AS
    SELECT day, sku, platform, currency, sum(orders)::bigint AS orders,
           sum(units)::bigint AS units, sum(returned_units)::bigint AS returned_units,
           sum(amount)::bigint AS amount, sum(discounts)::bigint AS discounts,
           sum(tax)::bigint AS tax
      FROM product_statistics GROUP BY day, sku, platform, currency;
COMMENT ON VIEW analytics.daily_products_v1 IS 'Products by the day on which their orders were placed.';

CREATE VIEW analytics.cohorts_v1 AS
    WITH months AS (
        SELECT platform, customer, date_trunc('month', day::timestamp)::date AS month, currency,
               sum(orders) AS orders, sum(revenue) AS revenue
          FROM customer_statistics GROUP BY 1, 2, 3, 4),
    firsts AS (
        SELECT platform, customer, min(month) FILTER (WHERE orders > 0) AS cohort
          FROM months GROUP BY 1, 2)
    SELECT cohort, month, platform, currency, count(*) FILTER (WHERE orders > 0) AS customers,
           sum(orders)::bigint AS orders, sum(revenue)::bigint AS revenue
      FROM months JOIN firsts USING (platform, customer)
     WHERE month >= cohort GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW analytics.cohorts_v1 IS
    'Customers by the month of their first sale (cohort), and what they ordered in each month since.';

CREATE VIEW analytics.funnel_v1 AS
    SELECT day, platform, step, CASE bucket WHEN 0 THEN 0 ELSE 2::numeric ^ (bucket - 1) END AS from_seconds,
           2::numeric ^ bucket AS to_seconds, sum(orders)::bigint AS orders,
           sum(seconds)::bigint AS seconds
      FROM order_funnel GROUP BY day, platform, step, bucket;
COMMENT ON VIEW analytics.funnel_v1 IS
    'Sales by the day on which they were placed, by the steps that they took and by how long those took: at least from_seconds, less than to_seconds.';

-- Whoever is a member of this role reads the views and nothing else:
-- CREATE ROLE somebody LOGIN PASSWORD '…' IN ROLE orderlog_analytics.
-- A role belongs to the whole cluster, where another database may have made it;
-- where the migrating user may not make roles, an administrator does, and runs
-- the grants below.
DO $$
BEGIN
    CREATE ROLE orderlog_analytics NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE WARNING 'the role orderlog_analytics cannot be made: %', SQLERRM;
END
$$;
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'orderlog_analytics') THEN
        GRANT USAGE ON SCHEMA analytics TO orderlog_analytics;
        GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO orderlog_analytics;
    END IF;
END
$$;
