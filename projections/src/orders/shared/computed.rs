//! What each table of sums has to hold, from the orders: its key, the
//! partition, its sums. Written a second time, in SQL, so that a mistake
//! of the code that keeps the sums shows.

/// `order_statistics`: from the orders, and from what their events moved.
/// Verification holds the movements against the log, order by order.
pub const STATISTICS: &str = "
    SELECT false, date_trunc('hour', placed_at, 'UTC'), platform, currency, country, kind,
           \"partition\", count(*), count(*) FILTER (WHERE status = 'cancelled'),
           sum(units)::bigint, sum((t ->> 'items')::bigint)::bigint,
           sum((t ->> 'discounts')::bigint)::bigint, sum((t ->> 'shipping')::bigint)::bigint,
           sum((t ->> 'tax')::bigint)::bigint, sum(total)::bigint, sum(captured)::bigint,
           sum(refunded)::bigint, sum((t ->> 'charged_back')::bigint)::bigint,
           sum((t ->> 'credited')::bigint)::bigint
      FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t)
     WHERE placed GROUP BY 2, 3, 4, 5, 6, 7
     UNION ALL
    SELECT true, date_trunc('hour', happened_at, 'UTC'), platform, currency, country, kind,
           \"partition\", sum(orders)::bigint, sum(cancelled)::bigint, sum(units)::bigint,
           sum(items)::bigint, sum(discounts)::bigint, sum(shipping)::bigint, sum(tax)::bigint,
           sum(revenue)::bigint, sum(captured)::bigint, sum(refunded)::bigint,
           sum(charged_back)::bigint, sum(credited)::bigint
      FROM order_movements GROUP BY 2, 3, 4, 5, 6, 7";

/// `order_status_statistics`.
pub const STATUSES: &str = "
    SELECT date_trunc('hour', placed_at, 'UTC'), platform, currency, country, kind, status,
           payment_status, fulfillment_status, return_status, \"partition\", count(*),
           count(*) FILTER (WHERE status = 'cancelled'),
           sum(units)::bigint, sum((t ->> 'items')::bigint)::bigint,
           sum((t ->> 'discounts')::bigint)::bigint, sum((t ->> 'shipping')::bigint)::bigint,
           sum((t ->> 'tax')::bigint)::bigint, sum(total)::bigint, sum(captured)::bigint,
           sum(refunded)::bigint, sum((t ->> 'charged_back')::bigint)::bigint,
           sum((t ->> 'credited')::bigint)::bigint
      FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t)
     WHERE placed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10";

/// `product_statistics`, from the rows of the lines.
pub const PRODUCTS: &str = "
    SELECT sku, (placed_at AT TIME ZONE 'UTC')::date, platform, currency, \"partition\",
           count(DISTINCT id) FILTER (WHERE kind = 'order'),
           sum(quantity - cancelled_quantity)::bigint, sum(returned_quantity)::bigint,
           sum(amount)::bigint, sum(discount + allocated_discount)::bigint, sum(tax)::bigint
      FROM orders JOIN order_lines ON order_id = id
     WHERE placed GROUP BY 1, 2, 3, 4, 5";

/// `customer_statistics`.
pub const CUSTOMERS: &str = "
    SELECT platform, customer_id, (placed_at AT TIME ZONE 'UTC')::date, currency, \"partition\",
           count(*) FILTER (WHERE kind = 'order'),
           count(*) FILTER (WHERE kind = 'order' AND status = 'cancelled'),
           sum(units)::bigint, sum(total)::bigint, sum(captured)::bigint, sum(refunded)::bigint,
           sum((t ->> 'charged_back')::bigint)::bigint, sum((t ->> 'credited')::bigint)::bigint
      FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t)
     WHERE placed AND customer_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5";

/// `order_funnel`, from the milestones in the rows of the orders.
/// Verification holds those against the log, order by order.
pub const FUNNEL: &str = concat!(
    "
    SELECT (placed_at AT TIME ZONE 'UTC')::date, platform, step, ",
    infra::funnel_bucket!(),
    ", \"partition\", count(*), sum(seconds)::bigint
      FROM orders, ",
    infra::funnel_steps!(),
    "
     WHERE placed AND kind = 'order' AND seconds >= 0
     GROUP BY 1, 2, 3, 4, 5"
);
