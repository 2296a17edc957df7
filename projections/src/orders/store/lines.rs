//! `order_lines`: the lines of each order, numbered as in its document.

use super::{
    column, owners, parts,
    table::{Statements, Table, There},
};
use crate::orders::{fold::OrderRow, parts::Part};
use contracts::order::UnitPrice;
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_lines",
    columns: &[
        ("order_id", "uuid"),
        ("line_no", "int"),
        ("line_id", "text"),
        ("sku", "text"),
        ("name", "text"),
        ("unit_price", "bigint"),
        ("unit_price_major", "numeric"),
        ("quantity", "bigint"),
        ("cancelled_quantity", "bigint"),
        ("fulfilled_quantity", "bigint"),
        ("shipped_quantity", "bigint"),
        ("delivered_quantity", "bigint"),
        ("return_requested_quantity", "bigint"),
        ("returned_quantity", "bigint"),
        ("amount", "bigint"),
        ("discount", "bigint"),
        ("allocated_discount", "bigint"),
        ("tax", "bigint"),
        ("created_at", "timestamptz"),
    ],
    key: 2,
};
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| TABLE.statements());

/// Replaces the lines of those orders whose lines changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let changed = rows.values().filter(|r| r.changed.contains(&Part::Lines));
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return Ok(());
    }
    store(connection, rows, (numbers(&changed), there)).await?;
    if there == There::Not {
        return Ok(());
    }
    let fewer = changed.into_iter();
    let fewer: Vec<_> = fewer
        .filter(|row| row.changed.contains(&Part::FewerLines))
        .collect();
    if fewer.is_empty() {
        return Ok(());
    }
    remove_beyond(connection, &fewer).await
}

/// Places of the lines, order by order.
fn numbers(orders: &[&OrderRow]) -> Vec<i32> {
    let lines = orders.iter().map(|row| &row.order.lines);
    lines
        .flat_map(|lines| (1..).zip(lines).map(|(number, _)| number))
        .collect()
}

async fn store(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    (numbers, there): (Vec<i32>, There),
) -> Result<(), sqlx::Error> {
    let lines = parts(rows, Part::Lines, |order| &order.lines);
    let created = lines.iter().map(|(id, _)| rows[id].order.created_at);
    let created: Vec<_> = created.collect();
    STATEMENTS
        .begin(there)
        .bind(owners(&lines))
        .bind(numbers)
        .bind(column(&lines, |l| l.id.as_str()))
        .bind(column(&lines, |l| l.sku.as_str()))
        .bind(column(&lines, |l| l.name.as_str()))
        .bind(column(&lines, |l| minor(&l.unit_price)))
        .bind(column(&lines, |l| major(&l.unit_price)))
        .bind(column(&lines, |l| l.quantity))
        .bind(column(&lines, |l| l.cancelled_quantity))
        .bind(column(&lines, |l| l.fulfilled_quantity))
        .bind(column(&lines, |l| l.shipped_quantity))
        .bind(column(&lines, |l| l.delivered_quantity))
        .bind(column(&lines, |l| l.return_requested_quantity))
        .bind(column(&lines, |l| l.returned_quantity))
        .bind(column(&lines, |l| l.amount))
        .bind(column(&lines, |l| l.discount))
        .bind(column(&lines, |l| l.allocated_discount))
        .bind(column(&lines, |l| l.tax))
        .bind(created)
        .execute(connection)
        .await
}

const fn minor(price: &UnitPrice) -> Option<i64> {
    match price {
        UnitPrice::Minor(minor) => Some(*minor),
        UnitPrice::Major(_) => None,
    }
}

fn major(price: &UnitPrice) -> Option<&str> {
    match price {
        UnitPrice::Minor(_) => None,
        UnitPrice::Major(major) => Some(major),
    }
}

/// Removes lines that an order no longer has.
async fn remove_beyond(
    connection: &mut PgConnection,
    orders: &[&OrderRow],
) -> Result<(), sqlx::Error> {
    let counts = orders.iter().map(|row| row.order.lines.len());
    let counts = counts.map(|lines| i32::try_from(lines).unwrap_or(i32::MAX));
    sqlx::query(
        "DELETE FROM order_lines l USING unnest($1::uuid[], $2::int[]) AS o (id, lines) \
          WHERE l.order_id = o.id AND l.line_no > o.lines",
    )
    .bind(orders.iter().map(|row| row.order.id).collect::<Vec<_>>())
    .bind(counts.collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
