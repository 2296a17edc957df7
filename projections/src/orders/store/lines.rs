//! `order_lines`: the lines of each order, numbered as in its document.

use crate::orders::fold::OrderRow;
use contracts::order::Line;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Replaces the lines of those orders whose lines changed.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
) -> Result<(), sqlx::Error> {
    let changed = rows.values().filter(|row| row.lines_changed);
    let changed: Vec<_> = changed
        .map(|row| (row.order.id, &row.order.lines))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    upsert(connection, &changed).await?;
    remove_beyond(connection, &changed).await
}

async fn upsert(
    connection: &mut PgConnection,
    orders: &[(Uuid, &Vec<Line>)],
) -> Result<(), sqlx::Error> {
    let lines: Vec<(Uuid, i32, &Line)> = orders
        .iter()
        .flat_map(|(id, lines)| (1..).zip(lines.iter()).map(|(no, line)| (*id, no, line)))
        .collect();
    let numbers = |of: fn(&Line) -> i64| lines.iter().map(|l| of(l.2)).collect::<Vec<_>>();
    let texts = |of: fn(&Line) -> &str| lines.iter().map(|l| of(l.2)).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO order_lines (order_id, line_no, line_id, sku, name, quantity, \
             cancelled_quantity, amount, discount, tax) \
         SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], \
             $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) \
         ON CONFLICT (order_id, line_no) DO UPDATE SET line_id = EXCLUDED.line_id, \
             sku = EXCLUDED.sku, name = EXCLUDED.name, quantity = EXCLUDED.quantity, \
             cancelled_quantity = EXCLUDED.cancelled_quantity, amount = EXCLUDED.amount, \
             discount = EXCLUDED.discount, tax = EXCLUDED.tax",
    )
    .bind(lines.iter().map(|l| l.0).collect::<Vec<_>>())
    .bind(lines.iter().map(|l| l.1).collect::<Vec<_>>())
    .bind(texts(|line| &line.id))
    .bind(texts(|line| &line.sku))
    .bind(texts(|line| &line.name))
    .bind(numbers(|line| line.quantity))
    .bind(numbers(|line| line.cancelled_quantity))
    .bind(numbers(|line| line.amount))
    .bind(numbers(|line| line.discount))
    .bind(numbers(|line| line.tax))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes lines that an order no longer has.
async fn remove_beyond(
    connection: &mut PgConnection,
    orders: &[(Uuid, &Vec<Line>)],
) -> Result<(), sqlx::Error> {
    let counts = orders
        .iter()
        .map(|(_, lines)| i32::try_from(lines.len()).unwrap_or(i32::MAX));
    sqlx::query(
        "DELETE FROM order_lines l USING unnest($1::uuid[], $2::int[]) AS o (id, lines) \
          WHERE l.order_id = o.id AND l.line_no > o.lines",
    )
    .bind(orders.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(counts.collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
