//! `order_refunds`: the refunds of each order.

use super::{
    column, owners, parts,
    table::{Statements, Table, There},
};
use crate::orders::{fold::OrderRow, parts::Part};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_refunds",
    columns: &[
        ("order_id", "uuid"),
        ("refund_id", "text"),
        ("payment_id", "text"),
        ("return_id", "text"),
        ("status", "text"),
        ("purpose", "text"),
        ("amount", "bigint"),
        ("changed_at", "timestamptz"),
    ],
    key: 2,
};
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| TABLE.statements());

/// Stores the refunds of those orders whose refunds changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let refunds = parts(rows, Part::Refunds, |order| &order.refunds);
    if refunds.is_empty() {
        return Ok(());
    }
    STATEMENTS
        .begin(there)
        .bind(owners(&refunds))
        .bind(column(&refunds, |r| r.id.as_str()))
        .bind(column(&refunds, |r| r.payment.as_str()))
        .bind(column(&refunds, |r| r.return_id.as_deref()))
        .bind(column(&refunds, |r| r.status.as_str()))
        .bind(column(&refunds, |r| r.purpose.as_str()))
        .bind(column(&refunds, |r| r.amount))
        .bind(column(&refunds, |r| r.at))
        .execute(connection)
        .await
}
