//! Both ends of the lag: the log's newest events, and where the views are.

use super::{
    Frontiers,
    behind::{Logged, Read},
};
use contracts::{LogPosition, partition::partition_of};
use infra::views::models::{self, ReadModel};
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::collections::HashMap;
use time::OffsetDateTime;

/// Events at the end of the log that are looked at each time.
const NEWEST: usize = 500;
/// Events before them that are looked at where a checkpoint lies there.
const OLDER: usize = 5_000;

/// The columns of an event that are read.
const LOGGED: &str =
    "aggregate_id, epoch, transaction_id::text::bigint AS xid, position, recorded_at";

/// The served build of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Name of the projection.
    pub projection: String,
    /// Version of the code that made it.
    pub version: i32,
    /// Rises with each rebuild.
    pub number: i64,
    /// Epoch of the log that it was made from.
    pub epoch: i32,
    /// When it was made.
    pub built_at: OffsetDateTime,
}

/// Where a partition of a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the projection.
    pub projection: String,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset to go on from.
    pub next: i64,
    /// Every event of the partition up to here is in the rows.
    pub at: LogPosition,
    /// When it last moved.
    pub updated_at: OffsetDateTime,
}

/// The newest events of orders; whether they are final does not matter here.
pub async fn newest(events: &PgPool) -> Result<Read, sqlx::Error> {
    let sql = format!(
        "SELECT {LOGGED} FROM events WHERE aggregate_type = 'order' \
          ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT {NEWEST}"
    );
    let rows = sqlx::query(&sql).fetch_all(events).await?;
    Ok(Read {
        newest: rows.iter().map(order).collect::<Result<_, _>>()?,
        cut: rows.len() == NEWEST,
        ..Read::default()
    })
}

/// The events of orders after one place and before another, oldest first, as
/// far as they are looked at; whether there are more.
pub async fn between(
    events: &PgPool,
    after: LogPosition,
    before: LogPosition,
) -> Result<(Vec<Logged>, bool), sqlx::Error> {
    let sql = format!(
        "SELECT {LOGGED} FROM events \
          WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
            AND (epoch, transaction_id, position) < ($4, $5::text::xid8, $6) \
            AND aggregate_type = 'order' \
          ORDER BY epoch, transaction_id, position LIMIT {OLDER}"
    );
    let rows = sqlx::query(&sql)
        .bind(after.epoch)
        .bind(after.xid.to_string())
        .bind(after.position)
        .bind(before.epoch)
        .bind(before.xid.to_string())
        .bind(before.position)
        .fetch_all(events)
        .await?;
    let between = rows.iter().map(order).collect::<Result<_, _>>()?;
    Ok((between, rows.len() == OLDER))
}

/// Events of other kinds than orders.
#[derive(Debug, Default)]
pub struct Others {
    /// By kind of aggregate, oldest first.
    pub of: HashMap<&'static str, Vec<Logged>>,
    /// Whether there are more.
    pub cut: bool,
}

/// Where the events of other kinds than orders that come after a place are, as far
/// as they are looked at.
///
/// They are few among many of orders: what comes after a place `near` the end is
/// read in the order of the log, what comes after one of long ago by kind.
pub async fn others(
    events: &PgPool,
    after: LogPosition,
    near: bool,
) -> Result<Others, sqlx::Error> {
    let (of_kinds, from) = if near {
        ("", "events WHERE aggregate_type = ANY($4) AND")
    } else {
        (
            "WITH of_kinds AS MATERIALIZED (SELECT aggregate_type, aggregate_id, epoch, \
                 transaction_id, position, recorded_at FROM events WHERE aggregate_type = ANY($4)) ",
            "of_kinds WHERE",
        )
    };
    let sql = format!(
        "{of_kinds}SELECT aggregate_type, {LOGGED} FROM {from} \
             (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
          ORDER BY epoch, transaction_id, position LIMIT {OLDER}"
    );
    let kinds = models::ALL.iter().filter(|model| **model != models::ORDERS);
    let rows = sqlx::query(&sql)
        .bind(after.epoch)
        .bind(after.xid.to_string())
        .bind(after.position)
        .bind(kinds.clone().map(|m| m.aggregate_type).collect::<Vec<_>>())
        .fetch_all(events)
        .await?;
    let mut others = Others {
        of: HashMap::new(),
        cut: rows.len() == OLDER,
    };
    for row in &rows {
        let kind: &str = row.try_get("aggregate_type")?;
        if let Some(model) = kinds.clone().find(|model| model.aggregate_type == kind) {
            let of = others.of.entry(model.aggregate_type).or_default();
            of.push(logged(row, model)?);
        }
    }
    Ok(others)
}

fn order(row: &PgRow) -> Result<Logged, sqlx::Error> {
    logged(row, &models::ORDERS)
}

fn logged(row: &PgRow, model: &ReadModel) -> Result<Logged, sqlx::Error> {
    let key: &str = row.try_get("aggregate_id")?;
    Ok(Logged {
        partition: partition_of(key.as_bytes(), model.topic.partitions),
        at: position(row)?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

/// Up to where each partition of each projection is in the views.
pub async fn frontiers(pool: &PgPool) -> Result<Frontiers, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT projection, \"partition\", epoch, xid, position FROM projection_offsets",
    )
    .fetch_all(pool)
    .await?;
    let mut frontiers = Frontiers::new();
    for row in rows {
        let frontier = frontiers.entry(row.try_get("projection")?).or_default();
        frontier.insert(row.try_get("partition")?, position(&row)?);
    }
    Ok(frontiers)
}

/// Where each partition of each projection is.
pub async fn checkpoints(views: &PgPool) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT projection, \"partition\", next, epoch, xid, position, updated_at \
           FROM projection_offsets ORDER BY projection, \"partition\"",
    )
    .fetch_all(views)
    .await?;
    let checkpoints = rows.iter().map(|row| {
        Ok(Checkpoint {
            projection: row.try_get("projection")?,
            partition: row.try_get("partition")?,
            next: row.try_get("next")?,
            at: position(row)?,
            updated_at: row.try_get("updated_at")?,
        })
    });
    checkpoints.collect()
}

/// The served build of each projection, by name.
pub async fn builds(views: &PgPool) -> Result<Vec<Build>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT name, version, build, epoch, built_at FROM projections ORDER BY name")
            .fetch_all(views)
            .await?;
    let builds = rows.iter().map(|row| {
        Ok(Build {
            projection: row.try_get("name")?,
            version: row.try_get("version")?,
            number: row.try_get("build")?,
            epoch: row.try_get("epoch")?,
            built_at: row.try_get("built_at")?,
        })
    });
    builds.collect()
}

fn position(row: &PgRow) -> Result<LogPosition, sqlx::Error> {
    Ok(LogPosition {
        epoch: row.try_get("epoch")?,
        xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
        position: row.try_get("position")?,
    })
}
