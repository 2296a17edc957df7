//! `order_payments`: the payments of each order.

use super::{
    column, owners, parts,
    table::{Statements, Table, There},
};
use crate::orders::{fold::OrderRow, parts::Part};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_payments",
    columns: &[
        ("order_id", "uuid"),
        ("payment_id", "text"),
        ("status", "text"),
        ("amount", "bigint"),
        ("captured", "bigint"),
        ("refunded", "bigint"),
        ("charged_back", "bigint"),
        ("provider", "text"),
        ("reference", "text"),
        ("created_at", "timestamptz"),
    ],
    key: 2,
};
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| TABLE.statements());

/// Stores the payments of those orders whose payments changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let payments = parts(rows, Part::Payments, |order| &order.payments);
    if payments.is_empty() {
        return Ok(());
    }
    STATEMENTS
        .begin(there)
        .bind(owners(&payments))
        .bind(column(&payments, |p| p.id.as_str()))
        .bind(column(&payments, |p| p.status.as_str()))
        .bind(column(&payments, |p| p.amount))
        .bind(column(&payments, |p| p.captured))
        .bind(column(&payments, |p| p.refunded))
        .bind(column(&payments, |p| p.charged_back))
        .bind(column(&payments, |p| p.provider.as_deref()))
        .bind(column(&payments, |p| p.reference.as_deref()))
        .bind(column(&payments, |p| p.at))
        .execute(connection)
        .await
}
