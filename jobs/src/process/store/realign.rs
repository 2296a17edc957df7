//! Bringing rows into line with a log that was restored.

use super::batch::add_steps;
use crate::process::plan::Plan;
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// The event that a row was last changed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Order.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// Epoch of that event.
    pub epoch: i32,
}

/// Takes a partition into an epoch; false where it is there already. Waits for
/// batches of that partition, and they wait for the transaction's end.
pub async fn enter_epoch(
    connection: &mut PgConnection,
    partition: i32,
    epoch: i32,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE process_epochs SET epoch = $2 WHERE \"partition\" = $1 AND epoch < $2")
            .bind(partition)
            .bind(epoch)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Every order that is known.
pub async fn known(connection: &mut PgConnection) -> Result<Vec<Known>, sqlx::Error> {
    let rows = sqlx::query("SELECT order_id, version, epoch FROM process_orders ORDER BY order_id")
        .fetch_all(connection)
        .await?;
    let known = rows.iter().map(|row| {
        Ok(Known {
            id: row.try_get("order_id")?,
            version: row.try_get("version")?,
            epoch: row.try_get("epoch")?,
        })
    });
    known.collect()
}

/// Those of which the log does not have the very event that is known.
pub async fn not_in_log(
    log: &PgPool,
    aggregate_type: &str,
    known: &[Known],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows = sqlx::query_scalar::<_, String>(
        "SELECT k.id FROM unnest($2::text[], $3::bigint[], $4::integer[]) AS k (id, version, epoch) \
          WHERE NOT EXISTS (SELECT FROM events e \
                 WHERE e.aggregate_type = $1 AND e.aggregate_id = k.id \
                   AND e.sequence = k.version AND e.epoch = k.epoch)",
    )
    .bind(aggregate_type)
    .bind(known.iter().map(|k| k.id.to_string()).collect::<Vec<_>>())
    .bind(known.iter().map(|k| k.version).collect::<Vec<_>>())
    .bind(known.iter().map(|k| k.epoch).collect::<Vec<_>>())
    .fetch_all(log)
    .await?;
    // They came from there.
    Ok(rows.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Puts what `plan` makes of an order in the place of what was known of it, and
/// of its steps. Those that were refused are people's affair and stay, as long
/// as there is the order.
pub async fn replace(
    connection: &mut PgConnection,
    id: Uuid,
    plan: Plan,
) -> Result<(), sqlx::Error> {
    let Some(change) = plan.changes.get(&id) else {
        for sql in [
            "DELETE FROM process_steps WHERE order_id = $1",
            "DELETE FROM process_orders WHERE order_id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *connection).await?;
        }
        return Ok(());
    };
    sqlx::query("DELETE FROM process_steps WHERE order_id = $1 AND refused_code IS NULL")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    // The row cannot go while steps refer to it.
    let row = &change.row;
    sqlx::query(
        "UPDATE process_orders SET version = $2, epoch = $3, platform = $4, imported = $5, \
                history_until = $6, placed_at = $7, archived = $8, open_fulfillments = $9 \
          WHERE order_id = $1",
    )
    .bind(id)
    .bind(row.version)
    .bind(row.epoch)
    .bind(&row.platform)
    .bind(row.imported)
    .bind(row.history_until)
    .bind(row.placed_at)
    .bind(row.archived)
    .bind(row.open_fulfillments)
    .execute(&mut *connection)
    .await?;
    add_steps(connection, &plan.steps).await
}
