//! Events in, rows out: once, whatever is delivered how often.

use super::{
    orders::{cancelled, noted, order, orders, placed},
    stories::{STORIES, forgotten, story},
    world::World,
};
use anyhow::{Result, ensure};
use contracts::topics::ORDER_EVENTS_PARTITIONS;
use infra::{
    clock,
    config::Config,
    redis::{Redis, Version},
    views::{ORDERS_FAMILY, STATISTICS_FAMILY},
};
use uuid::Uuid;

/// Orders, lines, histories and sums follow the log.
pub async fn everything_is_applied(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(50)).await?;
    let projector = world.projector()?;
    world.happen(&orders(400)).await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Each event in a transaction of its own: every step writes what it changes,
/// and the views are right after each.
pub async fn every_event_is_applied_one_by_one(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let mut stories = Vec::new();
    for n in 0..STORIES {
        stories.push(story(n)?.into_iter());
    }
    stories.push(forgotten()?.into_iter());
    loop {
        let next: Vec<_> = stories.iter_mut().filter_map(Iterator::next).collect();
        if next.is_empty() {
            break;
        }
        world.happen(&next).await?;
        world.settled().await?;
        world.check().await?;
    }
    projector.stop().await
}

/// Everything is delivered once more: nothing changes but the offsets.
pub async fn redelivery_changes_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(300)).await?;
    world.settled().await?;
    projector.stop().await?;
    let (before, version) = (world.tables().await?, world.data_version().await?);
    sqlx::query("UPDATE projection_offsets SET next = 0")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    world
        .until("offsets as before", async || {
            Ok(world.data_version().await? == version)
        })
        .await?;
    ensure!(
        world.tables().await? == before,
        "redelivery has changed rows"
    );
    world.check().await?;
    projector.stop().await
}

/// Projectors come and go while events arrive: the partitions change hands.
pub async fn projectors_come_and_go(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let first = world.projector()?;
    first.ready().await?;
    let arrive = async {
        for _ in 0..60 {
            world.happen(&orders(20)).await?;
        }
        anyhow::Ok(())
    };
    let come_and_go = async {
        let second = world.projector()?;
        second.ready().await?;
        let third = world.projector()?;
        third.ready().await?;
        first.stop().await?;
        third.stop().await?;
        anyhow::Ok(second)
    };
    let (arrived, second) = tokio::join!(arrive, come_and_go);
    arrived?;
    world.settled().await?;
    world.check().await?;
    second?.stop().await
}

/// Kafka delivers an event whose predecessors it has not delivered: the order
/// is folded from the log, and what comes late is skipped.
pub async fn a_gap_is_filled_from_the_log(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    world.settled().await?;
    world
        .append(&[noted(id, 2), noted(id, 3), cancelled(id, 4)])
        .await?;
    let stream = world.stream(id).await?;
    world.send(stream[2..3].to_vec()).await?;
    world.settled().await?;
    world.check().await?;
    // What the log had already is skipped when Kafka delivers it.
    world.send(stream[1..].to_vec()).await?;
    world.happen(&order(7)).await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// A partition's position token is passed once its event is applied.
pub async fn positions_follow_what_is_applied(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(200)).await?;
    world.settled().await?;
    let checkpoints = projections::queries::checkpoints(&world.views, "orders").await?;
    ensure!(checkpoints.len() == usize::try_from(ORDER_EVENTS_PARTITIONS)?);
    for id in world.versions().await?.keys() {
        let stream = world.stream(*id).await?;
        let token = &stream.last().expect("no stream is empty").envelope.position;
        let checkpoint = checkpoints.iter().find(|c| c.partition == token.partition);
        ensure!(
            checkpoint.is_some_and(|c| c.at >= token.at),
            "{token:?} is not passed"
        );
    }
    projector.stop().await
}

/// Which version of an order's document the cache was told of.
pub async fn known_to(redis: &Redis, id: Uuid) -> Result<Option<Version>> {
    let key = redis.key(&format!("cache:{ORDERS_FAMILY}:{id}"));
    let mut get = redis::cmd("HGET");
    get.arg(key).arg("version");
    let known: Option<String> = redis.command(&get).await?;
    Ok(known.and_then(|known| known.parse().ok()))
}

/// Redis may take its time: the machine may be busy.
fn patient(config: &Config) -> Result<Redis> {
    Ok(Redis::new(&Config {
        redis_timeout_ms: 5_000,
        ..config.clone()
    })?)
}

/// After the commit the cache knows the new version of each order that has
/// changed, and of no other.
pub async fn the_cache_is_told_what_has_changed(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let redis = patient(config)?;
    let known = async |id: Uuid| known_to(&redis, id).await;
    let (one, two) = (clock::new_id(), clock::new_id());
    world.happen(&[placed(one, 1)]).await?;
    world.settled().await?;
    // Once told, it is remembered for as long as it matters.
    for (happens, id, build) in [
        (noted(one, 2), one, 2),
        (placed(two, 2), two, 1),
        (cancelled(one, 3), one, 3),
    ] {
        world.happen(&[happens]).await?;
        world
            .until("word in the cache", async || {
                Ok(known(id).await? == Some(Version { build, number: 0 }))
            })
            .await?;
    }
    ensure!(known(clock::new_id()).await?.is_none());
    projector.stop().await
}

/// After each commit the cache knows of which state statistics have to be now:
/// what was computed of an older one is computed anew.
pub async fn the_cache_is_told_that_statistics_are_newer(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let redis = patient(config)?;
    let announced = async || -> Result<Option<Version>> {
        let mut get = redis::cmd("GET");
        get.arg(redis.key(&format!("version:{STATISTICS_FAMILY}")));
        let announced: Option<String> = redis.command(&get).await?;
        Ok(announced.and_then(|announced| announced.parse().ok()))
    };
    let mut last = None;
    for n in 1..4 {
        world.happen(&order(n)).await?;
        world.read_to_the_end().await?;
        let (build, number) = world.data_version().await?;
        let stored = Some(Version {
            build: build.cast_unsigned(),
            number: number.cast_unsigned(),
        });
        ensure!(stored > last, "{stored:?} after {last:?}");
        world
            .until("word of newer statistics", async || {
                Ok(announced().await? == stored)
            })
            .await?;
        last = stored;
    }
    projector.stop().await
}
