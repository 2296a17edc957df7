//! The tables of the projection. A batch is a fixed number of statements,
//! each over arrays, rows in the order of their keys; tables in which nothing
//! changed are left out.

mod customers;
mod events;
mod fulfillments;
mod lines;
mod movements;
mod orders;
mod payments;
mod refunds;
mod returns;
mod search;
mod shared;
mod storing;
mod table;

use super::{
    fold::{OrderChanges, OrderRow},
    parts::Part,
};
use crate::engine::verify::OwnTable;
use contracts::order::Order;
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};
use uuid::Uuid;

pub use movements::load as movements;
pub use orders::{load, milestones, revision};
pub use search::{gather as gather_words, known as known_words};
pub use table::There;

/// What an order has beside its own row.
const PARTS: [&str; 7] = [
    "order_events",
    "order_lines",
    "order_payments",
    "order_refunds",
    "order_fulfillments",
    "order_returns",
    "order_customers",
];

/// Every table whose rows are orders' own. The revision counts what has
/// happened to the row, not to the order.
pub fn owned() -> Vec<OwnTable> {
    let orders = OwnTable {
        ignored: &["revision"],
        ..OwnTable::new("orders".into(), "id")
    };
    let parts = PARTS.into_iter();
    let parts = parts.chain(["order_search", "order_movements"]);
    let parts = parts.map(|table| OwnTable::new(table.into(), "order_id"));
    iter::once(orders).chain(parts).collect()
}

/// Stores orders, their parts and history, what their events moved, and the
/// differences of what they share, which are added to what is there in any case.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    changes: &OrderChanges,
    there: There,
) -> Result<(), sqlx::Error> {
    let void = &changes.movements.void;
    let mut taken = BTreeSet::new();
    if !void.is_empty() {
        remove_parts(connection, void).await?;
        taken = search::take(connection, void).await?;
    }
    if !rows.is_empty() {
        orders::write(connection, rows, there).await?;
        lines::write(connection, rows, there).await?;
        payments::write(connection, rows, there).await?;
        refunds::write(connection, rows, there).await?;
        fulfillments::write(connection, rows, there).await?;
        returns::write(connection, rows, there).await?;
        customers::write(connection, rows, there).await?;
    }
    search::write(connection, rows, (taken, there)).await?;
    if !changes.timeline.is_empty() {
        events::write(connection, &changes.timeline, there).await?;
    }
    movements::write(connection, &changes.movements, there).await?;
    shared::write(connection, &changes.shared.statistics).await?;
    shared::write(connection, &changes.shared.statuses).await?;
    shared::write(connection, &changes.shared.products).await?;
    shared::write(connection, &changes.shared.customers).await?;
    shared::write(connection, &changes.shared.funnel).await
}

/// Takes away what orders have that are written anew as a whole.
async fn remove_parts(
    connection: &mut PgConnection,
    orders: &BTreeSet<Uuid>,
) -> Result<(), sqlx::Error> {
    let orders: Vec<Uuid> = orders.iter().copied().collect();
    for table in PARTS {
        sqlx::query(&format!("DELETE FROM {table} WHERE order_id = ANY($1)"))
            .bind(&orders)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// One part of one order, and the order's id.
type Owned<'a, T> = (Uuid, &'a T);

/// The parts of one kind, of those orders in which they may have changed. No
/// part but a line is ever taken away again.
fn parts<T>(
    rows: &BTreeMap<Uuid, OrderRow>,
    part: Part,
    of: fn(&Order) -> &[T],
) -> Vec<Owned<'_, T>> {
    let changed = rows.values().filter(|row| row.changed.contains(&part));
    changed
        .flat_map(|row| of(&row.order).iter().map(|part| (row.order.id, part)))
        .collect()
}

/// The values of one column.
fn column<'a, T, V>(parts: &[Owned<'a, T>], of: impl Fn(&'a T) -> V) -> Vec<V> {
    parts.iter().map(|(_, part)| of(part)).collect()
}

/// The values of one column of rows that are an order's own.
fn values<'a, T, V>(rows: &[&'a T], of: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(|row| of(row)).collect()
}

/// The same of a column of JSON.
fn texts<T>(
    rows: &[&T],
    of: impl Fn(&T) -> Result<String, serde_json::Error>,
) -> Result<Vec<String>, sqlx::Error> {
    let texts = rows.iter().map(|row| of(row).map_err(malformed));
    texts.collect()
}

/// The ids of the orders that parts belong to.
fn owners<T>(parts: &[Owned<'_, T>]) -> Vec<Uuid> {
    parts.iter().map(|(order, _)| *order).collect()
}

/// A value that has no JSON form, or a document that has none of ours.
fn malformed(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
