//! Zones and methods, and which state of them the views have.

use super::{
    reference::{self, Reference as _},
    snapshot::{ShippingState, Snapshot},
};
use contracts::shipping::{method::ShippingMethod, zone::ShippingZone};
use infra::redis::Version;
use sqlx::{PgExecutor, PgPool};

/// The state that the views are in: of each of both projections the build, and
/// the sum of its offsets.
pub async fn state(views: impl PgExecutor<'_>) -> Result<ShippingState, sqlx::Error> {
    let (zones, methods) = (ShippingZone::NAME, ShippingMethod::NAME);
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT projection, max(build), sum(next + redriven)::bigint FROM projection_offsets \
          WHERE projection = ANY($1) GROUP BY projection",
    )
    .bind(&[zones, methods][..])
    .fetch_all(views)
    .await?;
    let of = |name: &str| {
        let row = rows.iter().find(|(projection, ..)| projection == name);
        let (build, number) = row.map_or((0, 0), |(_, build, number)| (*build, *number));
        Version {
            build: build.cast_unsigned(),
            number: number.cast_unsigned(),
        }
    };
    Ok(ShippingState {
        zones: of(zones),
        methods: of(methods),
    })
}

/// All zones and methods, as of one state.
pub async fn snapshot(views: &PgPool) -> Result<Snapshot, sqlx::Error> {
    let mut read = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    // Before the snapshot: a new build that took the tables' place after it
    // would be read as it was before it was complete.
    let tables = [ShippingZone::NAME, ShippingMethod::NAME].join(", ");
    sqlx::query(&format!("LOCK TABLE {tables} IN ACCESS SHARE MODE"))
        .execute(&mut *read)
        .await?;
    let state = state(&mut *read).await?;
    let zones = reference::all(&mut *read).await?;
    let methods = reference::all(&mut *read).await?;
    read.commit().await?;
    let zones = zones.into_iter().map(|zone| (zone.version, zone.document));
    let methods = methods.into_iter();
    let methods = methods.map(|method| (method.version, method.document));
    let snapshot = Snapshot::of(state, zones, methods);
    snapshot.map_err(|error| sqlx::Error::Decode(error.into()))
}
