//! The table `projection_build_parked`: orders that a build cannot make, or
//! not as far as the log has them. They are parked with the switch
//! (`docs/ARCHITECTURE.md`, invariant 12).

use sqlx::PgConnection;
use std::collections::BTreeSet;

/// An order that a build parks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parked {
    pub id: String,
    pub partition: i32,
    /// Version of its row in the build; 0 without one.
    pub version: i64,
    pub reason: String,
}

/// Parks an order, unless it is already.
pub(super) async fn park(
    connection: &mut PgConnection,
    projection: &'static str,
    build: i64,
    parked: &Parked,
) -> Result<(), sqlx::Error> {
    let Parked {
        id,
        partition,
        version,
        reason,
    } = parked;
    let stored = sqlx::query(
        "INSERT INTO public.projection_build_parked \
             (projection, build, id, \"partition\", version, reason) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(projection)
    .bind(build)
    .bind(id)
    .bind(partition)
    .bind(version)
    .bind(reason)
    .execute(connection)
    .await?;
    if stored.rows_affected() > 0 {
        tracing::error!(
            projection,
            build,
            id,
            partition,
            version,
            reason,
            "projection.parked"
        );
    }
    Ok(())
}

/// Which of these orders the build has parked.
pub(super) async fn of(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    ids: BTreeSet<&str>,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let parked: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM public.projection_build_parked \
          WHERE projection = $1 AND build = $2 AND id = ANY($3)",
    )
    .bind(projection)
    .bind(build)
    .bind(ids.into_iter().collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(parked.into_iter().collect())
}

/// How many orders a build parks that are not parked in what is served, and how
/// many of all that it parks have no row.
pub(super) async fn counts(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT FROM public.parked_orders p \
                    WHERE p.projection = b.projection AND p.id = b.id)), \
                count(*) FILTER (WHERE version = 0) \
           FROM public.projection_build_parked b WHERE projection = $1 AND build = $2",
    )
    .bind(projection)
    .bind(build)
    .fetch_one(connection)
    .await
}

/// Forgets what a build had parked that is given up.
pub(super) async fn forget(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM public.projection_build_parked WHERE projection = $1 AND build = $2")
        .bind(projection)
        .bind(build)
        .execute(connection)
        .await?;
    Ok(())
}
