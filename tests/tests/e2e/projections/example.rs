//! The projection that `docs/PROJECTIONS.md` shows, in the real engine.

use super::{
    call_offs::CallOffs,
    orders::{AsStored, orders},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, lifecycle::Lifecycle};
use orderlog::keys::sealing;
use projections::{
    Sources,
    registry::{Entry, Registered},
    simple::Kept,
    spawn_these,
};
use sqlx::Row as _;
use std::{collections::BTreeMap, sync::Arc};

static CALL_OFFS: &dyn Registered = &Entry::<Kept<CallOffs>>::NEW;

/// It follows, has no use for what it is told twice, and comes to the same
/// when it is rebuilt, by several writers.
pub async fn a_projection_of_one_file_is_followed_redelivered_and_rebuilt(
    config: &Config,
) -> Result<()> {
    let world = World::new(config).await?;
    let sources = Sources {
        config: config.clone(),
        log: world.reader(),
        mapping: Arc::new(AsStored),
        sealing: sealing(config)?,
    };
    let lifecycle = Lifecycle::new();
    let status = spawn_these(&[CALL_OFFS], &sources, &lifecycle)?;
    world.until_role(|| status.ready(), "it to follow").await?;
    world.happen(&orders(100)).await?;
    comes_to_what_the_log_says(&world).await?;
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;

    sqlx::query("UPDATE projection_offsets SET next = 0")
        .execute(&world.views)
        .await?;
    let lifecycle = Lifecycle::new();
    let status = spawn_these(&[CALL_OFFS], &sources, &lifecycle)?;
    world.until_role(|| status.ready(), "it to follow").await?;
    world.happen(&orders(50)).await?;
    comes_to_what_the_log_says(&world).await?;

    let report = CALL_OFFS.rebuild(sources, 3, &|_| {}).await?;
    ensure!(
        report.build == 2 && report.progress.aggregates == 150,
        "{report:?}"
    );
    comes_to_what_the_log_says(&world).await?;
    world.happen(&orders(50)).await?;
    comes_to_what_the_log_says(&world).await?;
    lifecycle.shutdown.cancel();
    Ok(lifecycle.finished().await?)
}

type Sums = BTreeMap<String, (i64, i64)>;

async fn comes_to_what_the_log_says(world: &World) -> Result<()> {
    let expected = by_platform(
        &world.log,
        "SELECT first.payload #>> '{order,platform}' AS platform, count(*) AS orders, \
                count(*) FILTER (WHERE last.payload #>> '{after,status}' = 'cancelled') AS called_off \
           FROM events first JOIN LATERAL (SELECT * FROM events e \
                 WHERE e.aggregate_id = first.aggregate_id ORDER BY sequence DESC LIMIT 1) last \
             ON true WHERE first.sequence = 1 GROUP BY 1",
    )
    .await?;
    let stored = "SELECT platform, sum(orders)::bigint AS orders, \
                         sum(called_off)::bigint AS called_off FROM call_offs GROUP BY 1";
    let waited = world
        .until("sums of the log", async || {
            Ok(by_platform(&world.views, stored).await? == expected)
        })
        .await;
    waited.with_context(|| format!("{expected:?}"))
}

async fn by_platform(pool: &sqlx::PgPool, sql: &str) -> Result<Sums> {
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let sums = rows.iter().map(|row| {
        let sums = (row.try_get("orders")?, row.try_get("called_off")?);
        Ok((row.try_get("platform")?, sums))
    });
    sums.collect()
}

/// The document shows this very file.
pub fn the_document_shows_the_projection_that_is_tested() -> Result<()> {
    let document = include_str!("../../../../docs/PROJECTIONS.md");
    let tested = include_str!("call_offs.rs");
    ensure!(
        document.contains(tested),
        "docs/PROJECTIONS.md shows another one"
    );
    Ok(())
}
