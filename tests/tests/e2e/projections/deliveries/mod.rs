//! However events are delivered to the real tables, and wherever it is
//! interrupted, the tables come to a plain fold of the log.

mod scene;

use super::{
    fencing::applied,
    orders::{NewEvent, orders},
    world::World,
};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config,
    failpoint::{Failpoint, put_in},
};
use projections::engine::BatchError;
use scene::{MOST_STATEMENTS, Scene, everything, is_behind, new};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Deliveries, each of a seed of its own.
const CASES: u8 = 32;
/// Random lives of one to six orders, each of a seed of its own.
const LIVES: u8 = 20;

/// Orders that have lived random lives, and others with whole stories, in the
/// views.
pub async fn lived(config: &Config) -> Result<World> {
    let world = World::new(config).await?;
    let lives = (0..LIVES).flat_map(|seed| {
        let delivery = histories::seeded(seed, 1 + (u128::from(seed) << 64), 1);
        delivery.histories.into_iter().flatten().map(new)
    });
    let events: Vec<NewEvent> = lives.chain(orders(20)).collect();
    world.happen(&events).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    projector.stop().await?;
    Ok(world)
}

/// Batches are cut anywhere, any of them begins again at any older offset, the
/// first one begins anywhere; connections end after any statement (that of the
/// commit is rarely among them, and always in the trial below), and partitions change hands while their old owner has a batch in its hands yet.
pub async fn any_delivery_comes_to_a_plain_fold(config: &Config) -> Result<()> {
    let mut scene = Scene::new(config).await?;
    for seed in 0..CASES {
        let delivered = scene.deliver(seed).await;
        delivered.with_context(|| format!("the delivery of seed {seed}"))?;
    }
    scene.world.check().await?;
    let met = &scene.met;
    println!("{CASES} deliveries: {met:?}");
    let each = [met.skipped, met.refolded, met.crashed, met.overtaken];
    ensure!(each.iter().all(|times| *times > 10), "{met:?}");
    Ok(())
}

/// The same is found wanting where events are applied again.
pub async fn without_the_version_guard_a_delivery_differs(config: &Config) -> Result<()> {
    is_noticed(config, Failpoint::NoVersionGuard).await
}

/// And where somebody who was overtaken writes.
pub async fn without_the_compare_and_set_a_delivery_differs(config: &Config) -> Result<()> {
    is_noticed(config, Failpoint::NoCompareAndSet).await
}

/// And where offsets are stored before what they stand for.
pub async fn with_offsets_before_rows_a_delivery_differs(config: &Config) -> Result<()> {
    is_noticed(config, Failpoint::OffsetsBeforeRows).await
}

/// Some delivery does not come to what the log says.
async fn is_noticed(config: &Config, fault: Failpoint) -> Result<()> {
    let mut scene = Scene::new(config).await?;
    put_in(fault, &scene.world.views);
    put_in(fault, &scene.through);
    for seed in 0..CASES {
        if scene.deliver(seed).await.is_err() {
            return Ok(());
        }
    }
    anyhow::bail!("nobody has noticed {fault:?}: {:?}", scene.met)
}

/// A batch that writes every table is interrupted after each of its statements
/// in turn, and delivered again each time: nothing of it is there, until all of
/// it is.
pub async fn a_batch_cut_after_any_statement_leaves_nothing(config: &Config) -> Result<()> {
    let mut scene = Scene::new(config).await?;
    let (begun, batch) = scene.of_every_kind().await?;
    let mut held = scene.other.held().await?;
    applied(&scene.other, &mut held, &begun).await?;
    let before = everything(&scene.world).await?;
    let mut cut = 0;
    loop {
        cut += 1;
        scene.wire.cut_after(cut);
        let mut held = scene.fragile.held().await?;
        let ended = applied(&scene.fragile, &mut held, &batch).await;
        let done = scene.wire.done();
        let unavailable = matches!(ended, Err(BatchError::Unavailable(_)));
        ensure!(unavailable && done.len() == cut, "{done:?}: {ended:?}");
        if done.last().is_some_and(|last| last == "COMMIT") {
            break;
        }
        let found = everything(&scene.world).await?;
        ensure!(found == before, "something is left of {done:?}");
    }
    let mut stored = everything(&scene.world).await?;
    for table in scene.world.projected().await? {
        let written = stored[&table] != before[&table];
        ensure!(written, "the batch does not write {table}");
    }

    // Nobody has heard of it, and it is delivered once more.
    let mut held = scene.other.held().await?;
    ensure!(
        batch.iter().all(|record| is_behind(record, &held)),
        "{held:?}"
    );
    let again = applied(&scene.other, &mut held, &batch).await?;
    ensure!(again.applied + again.refolded == 0, "{again:?}");
    let mut found = everything(&scene.world).await?;
    // They say when they were looked at.
    let offsets = "projection_offsets";
    found
        .remove(offsets)
        .zip(stored.remove(offsets))
        .context(offsets)?;
    ensure!(found == stored, "it was applied twice");
    let parked = scene.world.parked().await?;
    let parked: BTreeSet<Uuid> = parked.iter().filter_map(|p| p.id.parse().ok()).collect();
    ensure!(parked.len() == 1, "{parked:?}");
    let mut ids: BTreeSet<Uuid> = scene.world.versions().await?.into_keys().collect();
    ids.retain(|id| !parked.contains(id));
    scene.equals_the_log(&ids).await
}

/// However many orders a batch is about, the database is asked the same number
/// of times.
pub async fn a_batch_takes_the_same_number_of_statements(config: &Config) -> Result<()> {
    let mut scene = Scene::new(config).await?;
    let mut statements = Vec::new();
    for count in [10, 500] {
        let events = scene.stored(&orders(count)).await?;
        let batch = scene.at_the_end(events)?;
        let mut held = scene.fragile.held().await?;
        let outcome = applied(&scene.fragile, &mut held, &batch).await?;
        ensure!(
            outcome.changed.len() == count,
            "{} orders",
            outcome.changed.len()
        );
        statements.push(scene.wire.done());
    }
    let counts: Vec<usize> = statements.iter().map(Vec::len).collect();
    ensure!(counts[0] == counts[1], "{statements:?}");
    let few = counts[0] < MOST_STATEMENTS;
    ensure!(
        few && statements[1].last().is_some_and(|last| last == "COMMIT"),
        "{statements:?}"
    );
    scene.world.check().await
}
