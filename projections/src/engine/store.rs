//! The tables `projections` and `projection_offsets`: which build is served,
//! and up to where each partition is in it.

use super::parking;
use contracts::LogPosition;
use sqlx::{PgConnection, PgExecutor, Row as _};
use std::collections::BTreeMap;

/// What is known of the stored build of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Version of the code that made it.
    pub version: i32,
    /// Rises with each rebuild.
    pub build: i64,
    /// Kafka's id of the topic that its offsets belong to.
    pub topic_id: String,
    /// Epoch of the log that it was made from.
    pub epoch: i32,
}

/// Up to where a partition has been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Offset to go on from.
    pub next: i64,
    /// Every event of the partition up to here is in the rows.
    pub at: LogPosition,
}

/// The checkpoints that a projector believes to be the stored ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// Build that they belong to.
    pub build: i64,
    /// Per partition.
    pub partitions: BTreeMap<i32, Checkpoint>,
}

/// A checkpoint's move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Advance {
    pub partition: i32,
    /// The offset that must be stored for the move to be allowed.
    pub from: i64,
    pub to: Checkpoint,
}

/// What is stored of the projection, if it was ever built.
pub(super) async fn build(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Option<Build>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT version, build, topic_id, epoch FROM projections \
              WHERE name = $1 AND build > 0",
    )
    .bind(projection)
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        Ok(Build {
            version: row.try_get("version")?,
            build: row.try_get("build")?,
            topic_id: row.try_get("topic_id")?,
            epoch: row.try_get("epoch")?,
        })
    })
    .transpose()
}

/// Says that the projection exists, before anything is built of it. False:
/// that is known, or it was built.
pub(super) async fn introduce(
    connection: &mut PgConnection,
    projection: &str,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let introduced = sqlx::query(
        "INSERT INTO projections AS p (name, version, build, topic_id, epoch) \
         VALUES ($1, $2, 0, '', 0) ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version \
          WHERE p.build = 0 AND p.version <> EXCLUDED.version",
    )
    .bind(projection)
    .bind(version)
    .execute(connection)
    .await?;
    Ok(introduced.rows_affected() == 1)
}

/// All stored checkpoints of the projection.
pub(super) async fn held(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Held, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT build, \"partition\", next, epoch, xid, position FROM projection_offsets \
          WHERE projection = $1",
    )
    .bind(projection)
    .fetch_all(executor)
    .await?;
    let mut held = Held::default();
    for row in rows {
        held.build = row.try_get("build")?;
        let at = LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        };
        let next = row.try_get("next")?;
        held.partitions
            .insert(row.try_get("partition")?, Checkpoint { next, at });
    }
    Ok(held)
}

/// Moves those checkpoints that are as they are believed to be.
/// They are locked in one order, whatever the plan: a switch locks all of them.
const ADVANCE: &str = "WITH locked AS MATERIALIZED ( \
        SELECT 1 FROM projection_offsets WHERE projection = $1 AND \"partition\" = ANY($3) \
         ORDER BY \"partition\" FOR UPDATE) \
     UPDATE projection_offsets o \
        SET next = a.next, epoch = a.epoch, xid = a.xid, position = a.position, \
            updated_at = now() \
       FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], \
                   $8::bigint[]) AS a (\"partition\", held, next, epoch, xid, position) \
      WHERE (SELECT count(*) FROM locked) >= 0 AND o.projection = $1 AND o.build = $2 \
        AND o.\"partition\" = a.\"partition\" AND o.next = a.held";

/// A fault for tests: moves them whatever they are.
const ADVANCE_ANYHOW: &str = "UPDATE projection_offsets o \
        SET next = a.next, epoch = a.epoch, xid = a.xid, position = a.position, \
            updated_at = now() \
       FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], \
                   $8::bigint[]) AS a (\"partition\", held, next, epoch, xid, position) \
      WHERE o.projection = $1 AND $2::bigint IS NOT NULL \
        AND o.\"partition\" = a.\"partition\" AND a.held IS NOT NULL";

/// Moves checkpoints, all or none: the compare-and-set that gives a
/// transaction its right to write. False: somebody else has moved one of
/// them, or the projection was rebuilt; the caller has to roll back.
pub(super) async fn advance(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    advances: &[Advance],
    compare: bool,
) -> Result<bool, sqlx::Error> {
    let column = |of: fn(&Advance) -> i64| advances.iter().map(of).collect::<Vec<_>>();
    let partitions: Vec<i32> = advances.iter().map(|a| a.partition).collect();
    let epochs: Vec<i32> = advances.iter().map(|a| a.to.at.epoch).collect();
    let moved = sqlx::query(if compare { ADVANCE } else { ADVANCE_ANYHOW })
        .bind(projection)
        .bind(build)
        .bind(partitions)
        .bind(column(|a| a.from))
        .bind(column(|a| a.to.next))
        .bind(epochs)
        .bind(column(|a| a.to.at.xid.cast_signed()))
        .bind(column(|a| a.to.at.position))
        .execute(connection)
        .await?;
    Ok(usize::try_from(moved.rows_affected()).is_ok_and(|moved| moved == advances.len()))
}

/// The same right for a transaction that changes rows of one partition and
/// leaves its offset where it is.
pub(super) async fn redrive(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    partition: i32,
    next: i64,
) -> Result<bool, sqlx::Error> {
    let held = sqlx::query(
        "UPDATE projection_offsets SET redriven = redriven + 1, updated_at = now() \
          WHERE projection = $1 AND build = $2 AND \"partition\" = $3 AND next = $4",
    )
    .bind(projection)
    .bind(build)
    .bind(partition)
    .bind(next)
    .execute(connection)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Locks every checkpoint of the projection until the transaction ends, so
/// that no projector moves on meanwhile.
pub(super) async fn lock_checkpoints(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "SELECT 1 FROM projection_offsets WHERE projection = $1 ORDER BY \"partition\" FOR UPDATE",
    )
    .bind(projection)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a build the served one: these are its offsets, with everything below
/// `at` in the rows. How many orders it has parked.
///
/// Within a build the revision of a row rises only where its order is driven
/// again, and by no more than the partition's count of that: the next base is
/// above every revision that was served.
pub(super) async fn switch(
    connection: &mut PgConnection,
    projection: &str,
    made: &Build,
    offsets: &BTreeMap<i32, i64>,
    at: LogPosition,
) -> Result<u64, sqlx::Error> {
    let parked = parking::take_over(&mut *connection, projection, made.build).await?;
    sqlx::query(
        "INSERT INTO projections AS p (name, version, build, topic_id, epoch, revision_base) \
         VALUES ($1, $2, $3, $4, $5, $3 - 1) \
         ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, build = EXCLUDED.build, \
             topic_id = EXCLUDED.topic_id, epoch = EXCLUDED.epoch, built_at = now(), \
             revision_base = greatest(EXCLUDED.revision_base, \
                 CASE WHEN p.build > 0 THEN p.revision_base + 1 + coalesce( \
                     (SELECT max(redriven) FROM projection_offsets WHERE projection = $1), 0) END)",
    )
    .bind(projection)
    .bind(made.version)
    .bind(made.build)
    .bind(&made.topic_id)
    .bind(made.epoch)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM projection_offsets WHERE projection = $1")
        .bind(projection)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO projection_offsets \
             (projection, \"partition\", build, next, epoch, xid, position) \
         SELECT $1, o.\"partition\", $2, o.next, $5, $6, $7 \
           FROM unnest($3::int[], $4::bigint[]) AS o (\"partition\", next)",
    )
    .bind(projection)
    .bind(made.build)
    .bind(offsets.keys().copied().collect::<Vec<_>>())
    .bind(offsets.values().copied().collect::<Vec<_>>())
    .bind(at.epoch)
    .bind(at.xid.cast_signed())
    .bind(at.position)
    .execute(connection)
    .await?;
    Ok(parked)
}

/// Wakes whoever listens for the progress of these partitions.
pub(super) async fn notify(
    executor: impl PgExecutor<'_>,
    channel: &str,
    payloads: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS p (payload)")
        .bind(channel)
        .bind(payloads)
        .execute(executor)
        .await?;
    Ok(())
}

/// Whether the database answers.
pub(super) async fn ping(executor: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT 1").execute(executor).await?;
    Ok(())
}
