//! The rows of orders and of their parts, beside the documents.

use anyhow::{Result, ensure};
use contracts::order::{Order, UnitPrice};
use sqlx::PgPool;

/// Each table as text, and the same text from a document.
type Told = (&'static str, fn(&Order) -> Vec<String>);

const TABLES: [Told; 6] = [
    (
        "SELECT concat_ws(' ', id, version, placed, confirmed, archived, hold_count, \
             array_to_string(tags, ','), total, captured, refunded, balance_due, \
             extract(epoch FROM placed_at)::bigint) FROM orders",
        order,
    ),
    (
        "SELECT concat_ws(' ', order_id, line_no, line_id, sku, \
             coalesce(unit_price::text, unit_price_major::text), quantity, cancelled_quantity, \
             fulfilled_quantity, shipped_quantity, delivered_quantity, \
             return_requested_quantity, returned_quantity, amount, discount, \
             allocated_discount, tax) FROM order_lines",
        lines,
    ),
    (
        "SELECT concat_ws(' ', order_id, payment_id, status, amount, captured, refunded, \
             charged_back, provider, reference) FROM order_payments",
        payments,
    ),
    (
        "SELECT concat_ws(' ', order_id, refund_id, payment_id, return_id, status, purpose, \
             amount) FROM order_refunds",
        refunds,
    ),
    (
        "SELECT concat_ws(' ', order_id, fulfillment_id, status, units, carrier, \
             tracking_number, shipped_at IS NOT NULL, delivered_at IS NOT NULL, \
             cancelled_at IS NOT NULL) FROM order_fulfillments",
        fulfillments,
    ),
    (
        "SELECT concat_ws(' ', order_id, return_id, status, units, received, resellable, \
             refunded, credited, exchange_order_id) FROM order_returns",
        returns,
    ),
];

/// Every row of every table is what the documents say, and there is no other.
pub async fn check(views: &PgPool, orders: &[Order]) -> Result<()> {
    for (sql, told) in TABLES {
        let mut stored: Vec<String> = sqlx::query_scalar(sql).fetch_all(views).await?;
        let mut expected: Vec<String> = orders.iter().flat_map(told).collect();
        stored.sort_unstable();
        expected.sort_unstable();
        let differing = stored.iter().zip(&expected).find(|(a, b)| a != b);
        ensure!(differing.is_none(), "{sql}: {differing:?}");
        let rows = (stored.len(), expected.len());
        ensure!(rows.0 == rows.1, "{sql}: {rows:?}");
    }
    Ok(())
}

/// As Postgres writes truth.
const fn yes(truth: bool) -> &'static str {
    if truth { "t" } else { "f" }
}

fn order(o: &Order) -> Vec<String> {
    let placed_at = o.placed_at.unwrap_or(o.created_at);
    // Rounded as Postgres does it.
    let seconds = placed_at.unix_timestamp() + i64::from(placed_at.microsecond() >= 500_000);
    vec![format!(
        "{} {} {} {} {} {} {} {} {} {} {} {seconds}",
        o.id,
        o.version,
        yes(o.placed_at.is_some()),
        yes(o.confirmed),
        yes(o.archived),
        o.holds.len(),
        o.tags.join(","),
        o.totals.total,
        o.totals.captured,
        o.totals.refunded,
        o.totals.balance_due,
    )]
}

fn lines(o: &Order) -> Vec<String> {
    let lines = (1..).zip(&o.lines).map(|(number, l)| {
        let price = match &l.unit_price {
            UnitPrice::Minor(minor) => minor.to_string(),
            UnitPrice::Major(major) => major.clone(),
        };
        let counters = [
            l.quantity,
            l.cancelled_quantity,
            l.fulfilled_quantity,
            l.shipped_quantity,
            l.delivered_quantity,
            l.return_requested_quantity,
            l.returned_quantity,
            l.amount,
            l.discount,
            l.allocated_discount,
            l.tax,
        ];
        let counters = counters.map(|n| n.to_string()).join(" ");
        format!("{} {number} {} {} {price} {counters}", o.id, l.id, l.sku)
    });
    lines.collect()
}

/// The parts that are there, as `concat_ws` leaves out nulls.
fn told(parts: &[Option<String>]) -> String {
    parts
        .iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ")
}

fn payments(o: &Order) -> Vec<String> {
    let payments = o.payments.iter().map(|p| {
        let amounts = [p.amount, p.captured, p.refunded, p.charged_back];
        told(&[
            Some(format!("{} {} {}", o.id, p.id, p.status.as_str())),
            Some(amounts.map(|n| n.to_string()).join(" ")),
            p.provider.clone(),
            p.reference.clone(),
        ])
    });
    payments.collect()
}

fn refunds(o: &Order) -> Vec<String> {
    let refunds = o.refunds.iter().map(|r| {
        told(&[
            Some(format!("{} {} {}", o.id, r.id, r.payment)),
            r.return_id.clone(),
            Some(format!(
                "{} {} {}",
                r.status.as_str(),
                r.purpose.as_str(),
                r.amount
            )),
        ])
    });
    refunds.collect()
}

fn fulfillments(o: &Order) -> Vec<String> {
    let fulfillments = o.fulfillments.iter().map(|f| {
        let units: i64 = f.lines.iter().map(|l| l.quantity).sum();
        let times = [f.shipped_at, f.delivered_at, f.cancelled_at];
        told(&[
            Some(format!("{} {} {} {units}", o.id, f.id, f.status.as_str())),
            f.tracking.carrier.clone(),
            f.tracking.tracking_number.clone(),
            Some(times.map(|time| yes(time.is_some())).join(" ")),
        ])
    });
    fulfillments.collect()
}

fn returns(o: &Order) -> Vec<String> {
    let returns = o.returns.iter().map(|r| {
        let units = [
            r.lines.iter().map(|l| l.quantity).sum::<i64>(),
            r.lines.iter().map(|l| l.received).sum(),
            r.lines.iter().map(|l| l.resellable).sum(),
            r.refunded,
            r.credited,
        ];
        told(&[
            Some(format!("{} {} {}", o.id, r.id, r.status.as_str())),
            Some(units.map(|n| n.to_string()).join(" ")),
            r.exchange_order_id.map(|id| id.to_string()),
        ])
    });
    returns.collect()
}
