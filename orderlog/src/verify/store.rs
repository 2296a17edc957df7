//! The statements of a comparison.

use contracts::LogPosition;
use infra::{config::Config, log::Horizon, postgres};
use projections::orders::{Milestones, Movement, MovementId, milestones, stored_movements};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _, postgres::PgRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Kind of the aggregates that are compared.
pub(super) const ORDER: &str = "order";

/// What the log has of one order.
pub(super) struct LoggedOrder {
    /// As it stands there.
    pub id: String,
    /// Number of its events.
    pub events: i64,
    /// Its first sequence.
    pub first: i64,
    /// Its last sequence.
    pub last: i64,
}

/// What the views have of one order.
pub(super) struct ViewedOrder {
    /// Order id.
    pub id: Uuid,
    /// Version of its row.
    pub version: i64,
    /// Entries of its history.
    pub history: i64,
    /// Its lines.
    pub lines: i64,
    /// Number of lines as its summary says.
    pub line_count: i64,
}

/// What the views have of one order's document.
pub(super) struct StoredDocument {
    /// Version of its row.
    pub version: i64,
    /// As GET sends it.
    pub json: String,
    /// When it came to what states.
    pub milestones: Milestones,
    /// What its events moved.
    pub movements: BTreeMap<MovementId, Movement>,
    /// Rows of its payments.
    pub payments: i64,
    /// Rows of its refunds.
    pub refunds: i64,
    /// Rows of its fulfilments.
    pub fulfillments: i64,
    /// Rows of its returns.
    pub returns: i64,
}

/// The last order event below the horizon; none in an empty log.
pub(super) async fn last_event(
    pool: &PgPool,
    horizon: Horizon,
) -> Result<Option<LogPosition>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT epoch, transaction_id::text::bigint AS xid, position FROM events \
          WHERE aggregate_type = $1 \
            AND (epoch < $2 OR (epoch = $2 AND transaction_id < $3::text::xid8)) \
          ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1",
    )
    .bind(ORDER)
    .bind(horizon.epoch)
    .bind(horizon.xid.to_string())
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        })
    })
    .transpose()
}

/// The id that ends the page of about `limit` events after `after`; none after
/// the last order. Bounded by the primary key's order, so that each page costs
/// the same.
pub(super) async fn page_end(
    pool: &PgPool,
    after: &str,
    limit: i64,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT max(aggregate_id) FROM (SELECT aggregate_id FROM events \
          WHERE aggregate_type = $1 AND aggregate_id > $2 \
          ORDER BY aggregate_id, sequence LIMIT $3) page",
    )
    .bind(ORDER)
    .bind(after)
    .bind(limit)
    .fetch_one(pool)
    .await
}

/// The orders with ids in `(after, last]`, as they are below the horizon.
pub(super) async fn logged_orders(
    pool: &PgPool,
    after: &str,
    last: &str,
    horizon: Horizon,
) -> Result<Vec<LoggedOrder>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT aggregate_id, count(*) AS events, min(sequence) AS first, max(sequence) AS last \
           FROM events \
          WHERE aggregate_type = $1 AND aggregate_id > $2 AND aggregate_id <= $3 \
            AND (epoch < $4 OR (epoch = $4 AND transaction_id < $5::text::xid8)) \
          GROUP BY aggregate_id",
    )
    .bind(ORDER)
    .bind(after)
    .bind(last)
    .bind(horizon.epoch)
    .bind(horizon.xid.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LoggedOrder {
                id: row.try_get("aggregate_id")?,
                events: row.try_get("events")?,
                first: row.try_get("first")?,
                last: row.try_get("last")?,
            })
        })
        .collect()
}

/// The last sequences of these orders at this moment, horizon or not.
pub(super) async fn present_versions(
    pool: &PgPool,
    ids: &[String],
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT aggregate_id, max(sequence) AS last FROM events \
          WHERE aggregate_type = $1 AND aggregate_id = ANY($2) GROUP BY aggregate_id",
    )
    .bind(ORDER)
    .bind(ids)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("aggregate_id")?, row.try_get("last")?)))
        .collect()
}

/// A connection to the views on which a sum over all orders may take its time,
/// without a word about it in the log.
pub(super) async fn views(config: &Config) -> Result<PgConnection, sqlx::Error> {
    let options = postgres::connect_options(&config.views_url)?
        .options([("statement_timeout", "0")])
        .disable_statement_logging();
    PgConnection::connect_with(&options).await
}

/// Where each projection continues: (name, partition, next offset).
pub(super) async fn offsets(
    views: &mut PgConnection,
) -> Result<Vec<(String, i32, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT projection, \"partition\", next FROM projection_offsets \
          ORDER BY projection, \"partition\"",
    )
    .fetch_all(views)
    .await?;
    rows.iter()
        .map(|row| {
            let name = row.try_get("projection")?;
            Ok((name, row.try_get("partition")?, row.try_get("next")?))
        })
        .collect()
}

/// A page of orders by id.
pub(super) async fn viewed_orders(
    views: &mut PgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ViewedOrder>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, version, \
                (SELECT count(*) FROM order_events e WHERE e.order_id = o.id) AS history, \
                (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) AS lines, \
                (summary::json ->> 'line_count')::bigint AS line_count \
           FROM orders o WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(views)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ViewedOrder {
                id: row.try_get("id")?,
                version: row.try_get("version")?,
                history: row.try_get("history")?,
                lines: row.try_get("lines")?,
                line_count: row.try_get("line_count")?,
            })
        })
        .collect()
}

/// The documents of these orders, how many rows their parts have, and what
/// their events moved, in one snapshot and so as of one version.
pub(super) async fn documents(
    views: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, StoredDocument>, sqlx::Error> {
    let mut snapshot = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    // Before the snapshot: a new build that took the tables' place after it
    // would be read as it was before it was complete.
    sqlx::query(
        "LOCK TABLE orders, order_payments, order_refunds, order_fulfillments, order_returns, \
             order_movements IN ACCESS SHARE MODE",
    )
    .execute(&mut *snapshot)
    .await?;
    let rows = sqlx::query(
        "SELECT id, version, document, confirmed_at, paid_at, shipped_at, delivered_at, \
                return_requested_at, refunded_at, cancelled_at, \
                (SELECT count(*) FROM order_payments p WHERE p.order_id = o.id) AS payments, \
                (SELECT count(*) FROM order_refunds r WHERE r.order_id = o.id) AS refunds, \
                (SELECT count(*) FROM order_fulfillments f WHERE f.order_id = o.id) AS fulfillments, \
                (SELECT count(*) FROM order_returns r WHERE r.order_id = o.id) AS returns \
           FROM orders o WHERE id = ANY($1)",
    )
    .bind(ids)
    .fetch_all(&mut *snapshot)
    .await?;
    let mut documents = HashMap::with_capacity(rows.len());
    for row in &rows {
        documents.insert(row.try_get("id")?, document(row)?);
    }
    for (id, movement) in stored_movements(&mut snapshot, ids).await? {
        if let Some(document) = documents.get_mut(&id.0) {
            document.movements.insert(id, movement);
        }
    }
    snapshot.commit().await?;
    Ok(documents)
}

fn document(row: &PgRow) -> Result<StoredDocument, sqlx::Error> {
    Ok(StoredDocument {
        version: row.try_get("version")?,
        json: row.try_get("document")?,
        milestones: milestones(row)?,
        movements: BTreeMap::new(),
        payments: row.try_get("payments")?,
        refunds: row.try_get("refunds")?,
        fulfillments: row.try_get("fulfillments")?,
        returns: row.try_get("returns")?,
    })
}
