//! What a builder keeps in the tables `projection_builds` and
//! `projection_build_partitions`. They are named with their schema: a
//! builder's connections find only the tables of its build by name alone.

use contracts::LogPosition;
use infra::{
    log::Horizon,
    views::{
        EXPORTS_NAME,
        builds::{BuildPhase, BuildState},
    },
};
use sqlx::{PgConnection, PgExecutor, Row as _};
use std::collections::BTreeMap;

/// A build that has begun, as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub build: i64,
    pub version: i32,
    pub phase: BuildPhase,
    /// It holds everything below this.
    pub horizon: Horizon,
    /// Events up to here were applied after the fill.
    pub at: LogPosition,
    pub estimate: i64,
    /// How many of its indexes are made.
    pub indexed: i32,
}

/// How far a build is in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Aggregates up to this id are in the tables.
    pub last_id: String,
    pub aggregates: i64,
    pub events: i64,
}

/// What was done in one partition.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    pub aggregates: i64,
    pub events: i64,
}

/// Writes down that an open build has begun.
pub(super) async fn began(
    connection: &mut PgConnection,
    projection: &str,
    stored: &Stored,
    partitions: i32,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query(
        "UPDATE public.projection_builds SET state = 'running', phase = $3, version = $4, \
             epoch = $5, horizon = $6, at_epoch = $7, at_xid = $8, at_position = $9, \
             estimate = $10, started_at = now(), updated_at = now() \
          WHERE projection = $1 AND build = $2 AND state = 'requested'",
    )
    .bind(projection)
    .bind(stored.build)
    .bind(stored.phase.as_str())
    .bind(stored.version)
    .bind(stored.horizon.epoch)
    .bind(stored.horizon.xid.cast_signed())
    .bind(stored.at.epoch)
    .bind(stored.at.xid.cast_signed())
    .bind(stored.at.position)
    .bind(stored.estimate)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO public.projection_build_partitions (projection, build, \"partition\") \
         SELECT $1, $2, generate_series(0, $3 - 1)",
    )
    .bind(projection)
    .bind(stored.build)
    .bind(partitions)
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// A running build.
pub(super) async fn running(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT build, version, phase, epoch, horizon, at_epoch, at_xid, at_position, estimate, \
                indexed FROM public.projection_builds WHERE projection = $1 AND state = 'running'",
    )
    .bind(projection)
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        Ok(Stored {
            build: row.try_get("build")?,
            version: row.try_get("version")?,
            phase: row.try_get::<&str, _>("phase")?.parse()?,
            horizon: Horizon {
                epoch: row.try_get("epoch")?,
                xid: row.try_get::<i64, _>("horizon")?.cast_unsigned(),
            },
            at: LogPosition {
                epoch: row.try_get("at_epoch")?,
                xid: row.try_get::<i64, _>("at_xid")?.cast_unsigned(),
                position: row.try_get("at_position")?,
            },
            estimate: row.try_get("estimate")?,
            indexed: row.try_get("indexed")?,
        })
    })
    .transpose()
}

/// How far a build is, by partition.
pub(super) async fn parts(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
) -> Result<BTreeMap<i32, Part>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", last_id, aggregates, events \
           FROM public.projection_build_partitions WHERE projection = $1 AND build = $2",
    )
    .bind(projection)
    .bind(build)
    .fetch_all(executor)
    .await?;
    rows.iter()
        .map(|row| {
            let part = Part {
                last_id: row.try_get("last_id")?,
                aggregates: row.try_get("aggregates")?,
                events: row.try_get("events")?,
            };
            Ok((row.try_get("partition")?, part))
        })
        .collect()
}

/// Moves partitions on from the ids that are held to those that are reached,
/// all or none: the compare-and-set that gives a writer's transaction its right
/// to write. False: somebody else goes on with the build.
pub(super) async fn filled(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    held: &BTreeMap<i32, String>,
    reached: &BTreeMap<i32, String>,
    done: &BTreeMap<i32, Done>,
) -> Result<bool, sqlx::Error> {
    let done = |partition| done.get(partition).copied().unwrap_or_default();
    let moved = sqlx::query(
        "UPDATE public.projection_build_partitions p SET last_id = d.reached, \
             aggregates = p.aggregates + d.aggregates, events = p.events + d.events \
           FROM unnest($3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) \
                AS d (\"partition\", held, reached, aggregates, events) \
          WHERE p.projection = $1 AND p.build = $2 AND p.\"partition\" = d.\"partition\" \
            AND p.last_id = d.held",
    )
    .bind(projection)
    .bind(build)
    .bind(held.keys().copied().collect::<Vec<_>>())
    .bind(held.values().map(String::as_str).collect::<Vec<_>>())
    .bind(reached.values().map(String::as_str).collect::<Vec<_>>())
    .bind(held.keys().map(|p| done(p).aggregates).collect::<Vec<_>>())
    .bind(held.keys().map(|p| done(p).events).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(usize::try_from(moved.rows_affected()).is_ok_and(|moved| moved == held.len()))
}

/// Moves what is applied after the fill on, by compare-and-set like
/// [`filled`].
pub(super) async fn caught_up(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    from: LogPosition,
    to: LogPosition,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "UPDATE public.projection_builds SET at_epoch = $6, at_xid = $7, at_position = $8 \
          WHERE projection = $1 AND build = $2 AND state IN ('running', 'cancelling') \
            AND at_epoch = $3 AND at_xid = $4 AND at_position = $5",
    )
    .bind(projection)
    .bind(build)
    .bind(from.epoch)
    .bind(from.xid.cast_signed())
    .bind(from.position)
    .bind(to.epoch)
    .bind(to.xid.cast_signed())
    .bind(to.position)
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// The next phase has begun.
pub(super) async fn enter(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
    phase: BuildPhase,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE public.projection_builds SET phase = $3, seconds_left = NULL, error = NULL, \
             updated_at = now() WHERE projection = $1 AND build = $2",
    )
    .bind(projection)
    .bind(build)
    .bind(phase.as_str())
    .execute(executor)
    .await?;
    Ok(())
}

/// One more of its indexes is made: a compare-and-set like [`filled`].
pub(super) async fn indexed(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
    number: i32,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "UPDATE public.projection_builds SET indexed = $3 + 1, error = NULL \
          WHERE projection = $1 AND build = $2 AND indexed = $3",
    )
    .bind(projection)
    .bind(build)
    .bind(number)
    .execute(executor)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Says what a running build waits for.
pub(super) async fn waits(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
    error: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE public.projection_builds SET error = $3 \
          WHERE projection = $1 AND build = $2 AND state = 'running'",
    )
    .bind(projection)
    .bind(build)
    .bind(error)
    .execute(executor)
    .await?;
    Ok(())
}

/// Says that the builder lives, and how long it will take; the build's state.
pub(super) async fn alive(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
    seconds_left: Option<i64>,
) -> Result<BuildState, sqlx::Error> {
    let state: String = sqlx::query_scalar(
        "UPDATE public.projection_builds SET seconds_left = $3, updated_at = now() \
          WHERE projection = $1 AND build = $2 RETURNING state",
    )
    .bind(projection)
    .bind(build)
    .bind(seconds_left)
    .fetch_one(executor)
    .await?;
    state.parse()
}

/// The build has ended. False: it was no longer in the state `from`.
pub(super) async fn end(
    executor: impl PgExecutor<'_>,
    projection: &str,
    build: i64,
    from: BuildState,
    to: BuildState,
    error: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query(
        "UPDATE public.projection_builds SET state = $4, error = $5, phase = NULL, \
             seconds_left = NULL, updated_at = now(), finished_at = now() \
          WHERE projection = $1 AND build = $2 AND state = $3",
    )
    .bind(projection)
    .bind(build)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(error)
    .execute(executor)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Cuts exports off that read the served tables of a projection; how many.
pub(super) async fn cut_exports_off(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a \
          WHERE a.datname = current_database() AND a.application_name = $2 \
            AND EXISTS (SELECT FROM pg_locks l \
                          JOIN public.projections p ON p.name = $1 \
                         WHERE l.pid = a.pid AND l.relation IN \
                               (SELECT format('public.%I', t)::regclass FROM unnest(p.tables) t))",
    )
    .bind(projection)
    .bind(EXPORTS_NAME)
    .fetch_one(connection)
    .await
}
