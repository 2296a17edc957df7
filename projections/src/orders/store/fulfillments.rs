//! `order_fulfillments`: the fulfilments of each order.

use super::{
    column, owners, parts,
    table::{Statements, Table, There},
};
use crate::orders::{fold::OrderRow, parts::Part};
use contracts::order::Fulfillment;
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_fulfillments",
    columns: &[
        ("order_id", "uuid"),
        ("fulfillment_id", "text"),
        ("status", "text"),
        ("units", "bigint"),
        ("carrier", "text"),
        ("tracking_number", "text"),
        ("created_at", "timestamptz"),
        ("shipped_at", "timestamptz"),
        ("delivered_at", "timestamptz"),
        ("cancelled_at", "timestamptz"),
    ],
    key: 2,
};
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| TABLE.statements());

/// Stores the fulfilments of those orders whose fulfilments changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let sent = parts(rows, Part::Fulfillments, |order| &order.fulfillments);
    if sent.is_empty() {
        return Ok(());
    }
    STATEMENTS
        .begin(there)
        .bind(owners(&sent))
        .bind(column(&sent, |f| f.id.as_str()))
        .bind(column(&sent, |f| f.status.as_str()))
        .bind(column(&sent, units))
        .bind(column(&sent, |f| f.tracking.carrier.as_deref()))
        .bind(column(&sent, |f| f.tracking.tracking_number.as_deref()))
        .bind(column(&sent, |f| f.created_at))
        .bind(column(&sent, |f| f.shipped_at))
        .bind(column(&sent, |f| f.delivered_at))
        .bind(column(&sent, |f| f.cancelled_at))
        .execute(connection)
        .await
}

fn units(fulfillment: &Fulfillment) -> i64 {
    let quantities = fulfillment.lines.iter().map(|line| line.quantity);
    quantities.fold(0, i64::wrapping_add)
}
