//! Zones and methods, and which state of them the views have.

use super::{
    reference::{self, Reference as _},
    snapshot::{ShippingState, Snapshot},
};
use contracts::shipping::{method::ShippingMethod, zone::ShippingZone};
use infra::views::states;
use sqlx::{PgExecutor, PgPool};

/// The state that the views are in.
pub async fn state(views: impl PgExecutor<'_>) -> Result<ShippingState, sqlx::Error> {
    let [zones, methods] = states(
        views,
        [ShippingZone::MODEL.name, ShippingMethod::MODEL.name],
    )
    .await?;
    Ok(ShippingState { zones, methods })
}

/// All zones and methods, as of one state.
pub async fn snapshot(views: &PgPool) -> Result<Snapshot, sqlx::Error> {
    let mut read = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    // Before the snapshot: a new build that took the tables' place after it
    // would be read as it was before it was complete.
    let tables = [ShippingZone::MODEL.name, ShippingMethod::MODEL.name].join(", ");
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
