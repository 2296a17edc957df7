//! `orders`: one row per order, with the JSON that GET and lists send.

use super::{
    malformed,
    table::{Statements, Table, There, list},
    texts, values,
};
use crate::orders::{
    fold::OrderRow,
    milestones::Milestones,
    named::{self, Named},
    shared::statistics::units,
};
use contracts::order::{Order, OrderSummary};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// `revision` is not among the columns: it counts changes of the document that
/// are not the order's, and stays.
const TABLE: Table = Table {
    name: "orders",
    columns: &[
        ("id", "uuid"),
        ("version", "bigint"),
        ("partition", "int"),
        ("number", "text"),
        ("platform", "text"),
        ("external_id", "text"),
        ("kind", "text"),
        ("currency", "text"),
        ("country", "text"),
        ("customer_id", "text"),
        ("status", "text"),
        ("payment_status", "text"),
        ("fulfillment_status", "text"),
        ("return_status", "text"),
        ("placed", "boolean"),
        ("confirmed", "boolean"),
        ("archived", "boolean"),
        ("hold_count", "bigint"),
        ("tags", "text[]"),
        ("total", "bigint"),
        ("captured", "bigint"),
        ("refunded", "bigint"),
        ("balance_due", "bigint"),
        ("units", "bigint"),
        ("created_at", "timestamptz"),
        ("placed_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("confirmed_at", "timestamptz"),
        ("paid_at", "timestamptz"),
        ("shipped_at", "timestamptz"),
        ("delivered_at", "timestamptz"),
        ("return_requested_at", "timestamptz"),
        ("refunded_at", "timestamptz"),
        ("cancelled_at", "timestamptz"),
        ("summary", "text"),
        ("document", "text"),
    ],
    key: 1,
};
/// The revision rises where a document is another one in the same version: an
/// order was folded anew that was not what the log makes of it.
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let upsert = format!(
        "{upsert}, revision = t.revision + CASE WHEN t.version = EXCLUDED.version \
             THEN (t.document <> EXCLUDED.document)::int ELSE 0 END",
        upsert = TABLE.upsert()
    );
    Statements::new(TABLE.copy(), upsert)
});

/// The stored orders with these ids.
pub async fn load(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, OrderRow>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, \"partition\", document, confirmed_at, paid_at, shipped_at, delivered_at, \
                return_requested_at, refunded_at, cancelled_at \
           FROM orders WHERE id = ANY($1)",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let order: Order = serde_json::from_str(row.try_get("document")?).map_err(malformed)?;
            let id = row.try_get("id")?;
            let row_of = OrderRow {
                // Where somebody has changed the document, it may name another
                // order, and that one's rows are not this one's.
                order: Order { id, ..order },
                partition: row.try_get("partition")?,
                milestones: milestones(row)?,
                changed: BTreeSet::new(),
                named: Named::default(),
            };
            Ok((id, row_of))
        })
        .collect()
}

/// How often the document of an order has changed in the same version.
pub async fn revision(connection: &mut PgConnection, id: Uuid) -> Result<i64, sqlx::Error> {
    let revision = sqlx::query_scalar("SELECT revision::bigint FROM orders WHERE id = $1");
    let revision = revision.bind(id).fetch_optional(connection).await?;
    Ok(revision.unwrap_or(0))
}

/// When an order came to what states.
pub fn milestones(row: &PgRow) -> Result<Milestones, sqlx::Error> {
    Ok(Milestones {
        confirmed: row.try_get("confirmed_at")?,
        paid: row.try_get("paid_at")?,
        shipped: row.try_get("shipped_at")?,
        delivered: row.try_get("delivered_at")?,
        return_requested: row.try_get("return_requested_at")?,
        refunded: row.try_get("refunded_at")?,
        cancelled: row.try_get("cancelled_at")?,
    })
}

/// Inserts or replaces orders.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let orders: Vec<&Order> = rows.values().map(|row| &row.order).collect();
    let reached = |of: fn(&Milestones) -> Option<OffsetDateTime>| {
        let milestones = rows.values().map(|row| of(&row.milestones));
        milestones.collect::<Vec<_>>()
    };
    let summaries = texts(&orders, |o| serde_json::to_string(&OrderSummary::from(o)))?;
    let documents = texts(&orders, serde_json::to_string)?;
    STATEMENTS
        .begin(there)
        .bind(values(&orders, |o| o.id))
        .bind(values(&orders, |o| o.version))
        .bind(rows.values().map(|row| row.partition).collect::<Vec<_>>())
        .bind(values(&orders, |o| o.number.as_str()))
        .bind(values(&orders, |o| o.platform.as_str()))
        .bind(values(&orders, |o| o.external_id.as_deref()))
        .bind(values(&orders, |o| o.kind.as_str()))
        .bind(values(&orders, |o| o.currency.as_str()))
        .bind(values(&orders, |o| o.country.as_str()))
        .bind(values(&orders, named::customer_id))
        .bind(values(&orders, |o| o.status.as_str()))
        .bind(values(&orders, |o| o.payment_status.as_str()))
        .bind(values(&orders, |o| o.fulfillment_status.as_str()))
        .bind(values(&orders, |o| o.return_status.as_str()))
        .bind(values(&orders, |o| o.placed_at.is_some()))
        .bind(values(&orders, |o| o.confirmed))
        .bind(values(&orders, |o| o.archived))
        .bind(values(&orders, hold_count))
        .bind(values(&orders, |o| list(&o.tags)))
        .bind(values(&orders, |o| o.totals.total))
        .bind(values(&orders, |o| o.totals.captured))
        .bind(values(&orders, |o| o.totals.refunded))
        .bind(values(&orders, |o| o.totals.balance_due))
        .bind(values(&orders, units))
        .bind(values(&orders, |o| o.created_at))
        .bind(values(&orders, |o| o.placed_at.unwrap_or(o.created_at)))
        .bind(values(&orders, |o| o.updated_at))
        .bind(reached(|m| m.confirmed))
        .bind(reached(|m| m.paid))
        .bind(reached(|m| m.shipped))
        .bind(reached(|m| m.delivered))
        .bind(reached(|m| m.return_requested))
        .bind(reached(|m| m.refunded))
        .bind(reached(|m| m.cancelled))
        .bind(summaries)
        .bind(documents)
        .execute(connection)
        .await
}

fn hold_count(order: &Order) -> i64 {
    i64::try_from(order.holds.len()).unwrap_or(i64::MAX)
}
