//! Builds that take the place of others.

use super::{Busy, topic};
use crate::projections::{orders::orders, world::World};
use anyhow::{Result, ensure};
use std::sync::atomic::{AtomicBool, Ordering};
use tests::TestEnv;

/// The documents of an older release, with another form, are published; those
/// of the next build are, all of them, also of orders that do not change.
pub async fn another_build_is_published_as_a_whole(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(1_500)).await?;
    world.rebuild().await?;
    sqlx::query("UPDATE orders SET document = '{\"old\":true,' || substr(document, 2)")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    topic::settled(&world.views).await?;
    let before = topic::check(&world.config, &world.views).await?;
    ensure!(before == 1_500, "{before} records");
    let old = topic::read(&world.config).await?;
    ensure!(old.iter().all(|r| {
        r.document
            .as_ref()
            .is_some_and(|d| d.starts_with("{\"old\""))
    }));

    world.rebuild().await?;
    topic::settled(&world.views).await?;
    let after = topic::check(&world.config, &world.views).await?;
    ensure!(after == 3_000, "{after} records");
    let last = topic::compacted(&topic::read(&world.config).await?)?;
    ensure!(
        last.values()
            .all(|r| r.document.as_ref().is_some_and(|d| !d.contains("\"old\"")))
    );
    projector.stop().await
}

/// Rebuilt again and again while orders change.
pub async fn a_rebuild_while_orders_change(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(200)).await?;
    let busy = Busy::begin(&world, 60).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let done = AtomicBool::new(false);
    let rebuild = async {
        for _ in 0..3 {
            world.rebuild().await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (changed, built) = tokio::join!(busy.keep_changing(&world, &done), rebuild);
    changed?;
    built?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    world.check().await?;
    projector.stop().await
}
