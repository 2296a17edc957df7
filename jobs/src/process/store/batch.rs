//! Rows and steps of one batch of events, in one transaction.

use crate::{
    process::{
        order::OrderRow,
        plan::{Change, Heard, Plan},
        step::{Kind, Step},
    },
    webhooks::{AttendError, Messages, attend},
};
use infra::{
    jobs::Enqueued,
    webhooks::{self, Endpoint},
};
use sqlx::{PgConnection, PgPool, Row as _, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use uuid::Uuid;

/// Why a batch was not written. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The database is away, busy, or refused.
    #[error("the ops database does not take the batch")]
    Database(#[from] sqlx::Error),
    /// Another consumer writes these orders: the partitions are no longer
    /// ours.
    #[error("somebody else writes these orders")]
    Raced,
    /// The batch itself is wrong.
    #[error(transparent)]
    Plan(E),
    /// Deliveries of its events cannot be written.
    #[error("the events cannot be told to webhook endpoints")]
    Deliver(#[from] AttendError),
}

/// Loads the orders of a batch, has `plan` made of them, and writes what it
/// comes to. `plan` is also told which epoch each partition is in: what is older
/// was read before, and may be of a past that the log lost. `tell` makes the
/// messages of what is new, for the endpoints that there are.
pub async fn write_batch<E>(
    ops: &PgPool,
    partitions: &BTreeSet<i32>,
    orders: &BTreeSet<Uuid>,
    plan: impl FnOnce(Plan, &BTreeMap<i32, i32>) -> Result<Plan, E>,
    tell: impl FnOnce(&[Heard], &[Endpoint]) -> Result<Messages, serde_json::Error>,
) -> Result<(Plan, Enqueued), WriteError<E>> {
    let mut transaction = ops.begin().await?;
    let epochs = epochs(&mut transaction, partitions).await?;
    let stored = load(&mut transaction, orders).await?;
    let plan = plan(Plan::over(stored), &epochs).map_err(WriteError::Plan)?;
    if !write_orders(&mut transaction, &plan.changes).await? {
        return Err(WriteError::Raced);
    }
    drop_steps(&mut transaction, &plan.drops).await?;
    add_steps(&mut transaction, &plan.steps).await?;
    let enqueued = deliver(&mut transaction, &plan.heard, tell).await?;
    transaction.commit().await?;
    Ok((plan, enqueued))
}

/// Deliveries, and a job for each endpoint that has something new to be sent.
async fn deliver(
    connection: &mut PgConnection,
    heard: &[Heard],
    tell: impl FnOnce(&[Heard], &[Endpoint]) -> Result<Messages, serde_json::Error>,
) -> Result<Enqueued, AttendError> {
    if heard.is_empty() {
        return Ok(Enqueued::default());
    }
    let endpoints = webhooks::told(connection).await?;
    if endpoints.is_empty() {
        return Ok(Enqueued::default());
    }
    let told = tell(heard, &endpoints)?;
    if told.messages.is_empty() {
        return Ok(Enqueued::default());
    }
    let fresh = webhooks::deliver(connection, &told.messages, &told.deliveries).await?;
    attend(connection, &fresh).await
}

/// The epoch of each partition. Locked against its change, until which a batch
/// waits, and which waits for the batch.
async fn epochs(
    connection: &mut PgConnection,
    partitions: &BTreeSet<i32>,
) -> Result<BTreeMap<i32, i32>, sqlx::Error> {
    let partitions: Vec<i32> = partitions.iter().copied().collect();
    let rows = sqlx::query(
        "SELECT \"partition\", epoch FROM process_epochs WHERE \"partition\" = ANY($1) \
          ORDER BY \"partition\" FOR SHARE",
    )
    .bind(partitions)
    .fetch_all(connection)
    .await?;
    let epochs = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    epochs.collect()
}

/// Locks what it finds, always in the same order: a zombie waits, and then
/// sees that it was late.
async fn load(
    connection: &mut PgConnection,
    orders: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, OrderRow>, sqlx::Error> {
    let ids: Vec<Uuid> = orders.iter().copied().collect();
    let rows = sqlx::query(
        "SELECT order_id, version, epoch, platform, imported, history_until, placed_at, archived, \
                open_fulfillments \
           FROM process_orders WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let rows = rows.iter().map(|row| Ok((row.try_get(0)?, order(row)?)));
    rows.collect()
}

fn order(row: &PgRow) -> Result<OrderRow, sqlx::Error> {
    Ok(OrderRow {
        id: row.try_get("order_id")?,
        version: row.try_get("version")?,
        epoch: row.try_get("epoch")?,
        platform: row.try_get("platform")?,
        imported: row.try_get("imported")?,
        history_until: row.try_get("history_until")?,
        placed_at: row.try_get("placed_at")?,
        archived: row.try_get("archived")?,
        open_fulfillments: row.try_get("open_fulfillments")?,
    })
}

/// False where a row is not the one that was loaded.
async fn write_orders(
    connection: &mut PgConnection,
    changes: &BTreeMap<Uuid, Change>,
) -> Result<bool, sqlx::Error> {
    let (old, new): (Vec<&Change>, Vec<&Change>) = changes.values().partition(|c| c.base.is_some());
    let inserted = insert_orders(connection, &new).await?;
    let updated = update_orders(connection, &old).await?;
    Ok(inserted == new.len() as u64 && updated == old.len() as u64)
}

async fn insert_orders(
    connection: &mut PgConnection,
    changes: &[&Change],
) -> Result<u64, sqlx::Error> {
    let rows = || changes.iter().map(|change| &change.row);
    let done = sqlx::query(
        "INSERT INTO process_orders (order_id, version, platform, imported, history_until, \
                                     placed_at, archived, open_fulfillments, epoch) \
         SELECT * FROM UNNEST($1::uuid[], $2::int8[], $3::text[], $4::bool[], $5::int8[], \
                              $6::timestamptz[], $7::bool[], $8::int4[], $9::int4[]) \
         ON CONFLICT (order_id) DO NOTHING",
    )
    .bind(rows().map(|r| r.id).collect::<Vec<_>>())
    .bind(rows().map(|r| r.version).collect::<Vec<_>>())
    .bind(rows().map(|r| r.platform.as_str()).collect::<Vec<_>>())
    .bind(rows().map(|r| r.imported).collect::<Vec<_>>())
    .bind(rows().map(|r| r.history_until).collect::<Vec<_>>())
    .bind(rows().map(|r| r.placed_at).collect::<Vec<_>>())
    .bind(rows().map(|r| r.archived).collect::<Vec<_>>())
    .bind(rows().map(|r| r.open_fulfillments).collect::<Vec<_>>())
    .bind(rows().map(|r| r.epoch).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn update_orders(
    connection: &mut PgConnection,
    changes: &[&Change],
) -> Result<u64, sqlx::Error> {
    let rows = || changes.iter().map(|change| &change.row);
    let done = sqlx::query(
        "UPDATE process_orders o \
            SET version = n.version, platform = n.platform, placed_at = n.placed_at, \
                archived = n.archived, open_fulfillments = n.open_fulfillments, \
                epoch = n.epoch \
           FROM UNNEST($1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::timestamptz[], \
                       $6::bool[], $7::int4[], $8::int4[]) \
                AS n(order_id, base, version, platform, placed_at, archived, open_fulfillments, \
                     epoch) \
          WHERE o.order_id = n.order_id AND o.version = n.base",
    )
    .bind(rows().map(|r| r.id).collect::<Vec<_>>())
    .bind(changes.iter().map(|c| c.base).collect::<Vec<_>>())
    .bind(rows().map(|r| r.version).collect::<Vec<_>>())
    .bind(rows().map(|r| r.platform.as_str()).collect::<Vec<_>>())
    .bind(rows().map(|r| r.placed_at).collect::<Vec<_>>())
    .bind(rows().map(|r| r.archived).collect::<Vec<_>>())
    .bind(rows().map(|r| r.open_fulfillments).collect::<Vec<_>>())
    .bind(rows().map(|r| r.epoch).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// A step that is being carried out right now is dropped as well: what its
/// executor has to say of it then concerns nobody.
async fn drop_steps(
    connection: &mut PgConnection,
    drops: &BTreeSet<(Uuid, Kind)>,
) -> Result<(), sqlx::Error> {
    if drops.is_empty() {
        return Ok(());
    }
    let (ids, kinds): (Vec<Uuid>, Vec<&str>) = drops.iter().map(|(i, k)| (*i, k.as_str())).unzip();
    sqlx::query(
        "DELETE FROM process_steps s USING UNNEST($1::uuid[], $2::text[]) AS d(order_id, kind) \
          WHERE s.order_id = d.order_id AND s.kind = d.kind",
    )
    .bind(ids)
    .bind(kinds)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn add_steps(
    connection: &mut PgConnection,
    steps: &[Step],
) -> Result<(), sqlx::Error> {
    if steps.is_empty() {
        return Ok(());
    }
    let texts = |of: fn(&Step) -> &str| steps.iter().map(of).collect::<Vec<_>>();
    let options = |of: fn(&Step) -> Option<&str>| steps.iter().map(of).collect::<Vec<_>>();
    let due: Vec<OffsetDateTime> = steps.iter().map(|s| s.due_at).collect();
    sqlx::query(
        "INSERT INTO process_steps (key, order_id, kind, path, body, conditional, causation_id, \
                                    correlation_id, traceparent, due_at, available_at) \
         SELECT *, due_at FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], \
                                      $6::bool[], $7::uuid[], $8::text[], $9::text[], \
                                      $10::timestamptz[]) \
                AS n(key, order_id, kind, path, body, conditional, causation_id, correlation_id, \
                     traceparent, due_at) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(texts(|s| &s.key))
    .bind(steps.iter().map(|s| s.order_id).collect::<Vec<_>>())
    .bind(texts(|s| s.kind.as_str()))
    .bind(texts(|s| &s.path))
    .bind(texts(|s| &s.body))
    .bind(steps.iter().map(|s| s.kind.is_timer()).collect::<Vec<_>>())
    .bind(steps.iter().map(|s| s.causation_id).collect::<Vec<_>>())
    .bind(options(|s| s.correlation_id.as_deref()))
    .bind(options(|s| s.traceparent.as_deref()))
    .bind(due)
    .execute(connection)
    .await?;
    Ok(())
}
