//! Faults put in: without what the checks check, they fail.

use super::{
    fencing::{applied, applier, records},
    orders::{noted, orders, placed},
    world::World,
};
use anyhow::{Result, ensure};
use infra::{
    clock,
    config::Config,
    failpoint::{Failpoint, put_in},
};

/// Everything is delivered twice: sound, that has no effect; without the
/// version guard events are applied again, and the check says so.
pub async fn without_the_version_guard_the_check_fails(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    world.happen(&orders(60)).await?;
    world.settled().await?;
    world.forget_published().await;
    world.publish().await?;
    world.read_to_the_end().await?;
    world.check().await?;
    put_in(Failpoint::NoVersionGuard, &world.views);
    world.forget_published().await;
    world.publish().await?;
    world.read_to_the_end().await?;
    ensure!(world.check().await.is_err(), "nobody has noticed");
    projector.stop().await
}

/// A zombie with old offsets: sound, it is refused; without the compare-and-set
/// it takes the views back to where they were.
pub async fn without_the_compare_and_set_the_check_fails(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    overtaken(&world).await?;
    put_in(Failpoint::NoCompareAndSet, &world.views);
    ensure!(overtaken(&world).await.is_err(), "nobody has noticed");
    Ok(())
}

/// A projector that was frozen with a batch in its hands goes on after another
/// one has: nothing may come of it.
async fn overtaken(world: &World) -> Result<()> {
    let id = clock::new_id();
    world.append(&[placed(id, 1), noted(id, 2)]).await?;
    let applier = applier(world)?;
    let (mut zombie, mut living) = (applier.held().await?, applier.held().await?);
    let partition = world.stream(id).await?[0].envelope.position.partition;
    let next = living.partitions[&partition].next;
    let records = records(world, id, next).await?;
    applied(&applier, &mut living, &records).await?;
    let (tables, version) = (world.tables().await?, world.data_version().await?);
    // Whether it is told is its own business.
    let _ = applied(&applier, &mut zombie, &records[..1]).await;
    ensure!(world.tables().await? == tables, "the zombie has written");
    ensure!(
        world.data_version().await? == version,
        "the zombie has moved offsets"
    );
    Ok(())
}
