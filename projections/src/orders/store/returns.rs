//! `order_returns`: the returns of each order.

use super::{
    column, owners, parts,
    table::{Statements, Table, There},
};
use crate::orders::{fold::OrderRow, parts::Part};
use contracts::order::{Return, ReturnLine};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_returns",
    columns: &[
        ("order_id", "uuid"),
        ("return_id", "text"),
        ("status", "text"),
        ("units", "bigint"),
        ("received", "bigint"),
        ("resellable", "bigint"),
        ("refunded", "bigint"),
        ("credited", "bigint"),
        ("exchange_order_id", "uuid"),
        ("requested_at", "timestamptz"),
    ],
    key: 2,
};
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| TABLE.statements());

/// Stores the returns of those orders whose returns changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let returns = parts(rows, Part::Returns, |order| &order.returns);
    if returns.is_empty() {
        return Ok(());
    }
    STATEMENTS
        .begin(there)
        .bind(owners(&returns))
        .bind(column(&returns, |r| r.id.as_str()))
        .bind(column(&returns, |r| r.status.as_str()))
        .bind(column(&returns, |r| units(r, |line| line.quantity)))
        .bind(column(&returns, |r| units(r, |line| line.received)))
        .bind(column(&returns, |r| units(r, |line| line.resellable)))
        .bind(column(&returns, |r| r.refunded))
        .bind(column(&returns, |r| r.credited))
        .bind(column(&returns, |r| r.exchange_order_id))
        .bind(column(&returns, |r| r.requested_at))
        .execute(connection)
        .await
}

fn units(returned: &Return, of: fn(&ReturnLine) -> i64) -> i64 {
    returned.lines.iter().map(of).fold(0, i64::wrapping_add)
}
