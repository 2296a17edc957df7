//! Servers that are away, and records that cannot be applied.

use super::{
    orders::{noted, orders, placed},
    world::World,
};
use crate::proxy::Proxy;
use anyhow::{Result, ensure};
use infra::{clock, config::Config};

/// Postgres goes away while events arrive, and comes back: the role waits,
/// is not ready meanwhile, and loses nothing.
pub async fn the_views_go_away_and_come_back(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let proxy = Proxy::start(&config.views_url).await?;
    let mut through = config.clone();
    through.views_url = proxy.url();
    let projector = World::projector_told(&through)?;
    projector.ready().await?;
    world.happen(&orders(50)).await?;
    world.settled().await?;
    proxy.refuse();
    world.happen(&orders(50)).await?;
    world
        .until("sign that it waits", async || Ok(!projector.status.ready()))
        .await?;
    proxy.accept();
    world.settled().await?;
    projector.ready().await?;
    world.check().await?;
    projector.stop().await
}

/// Kafka is away from the beginning: the role waits, and ends when told to.
pub async fn without_kafka_the_role_waits(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let mut without = config.clone();
    without.kafka_bootstrap_servers = "127.0.0.1:1".into();
    let projector = World::projector_told(&without)?;
    let waiting = || format!("{:?}", projector.status.workers());
    world
        .until("word of Kafka", async || {
            Ok(waiting().contains("cannot be reached"))
        })
        .await?;
    ensure!(!projector.status.ready());
    projector.stop().await
}

/// A record that cannot be read ends the role with its place; what came
/// before it is applied, nothing is skipped.
pub async fn a_poisonous_record_is_named(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    world.append(&[noted(id, 2)]).await?;
    let mut broken = world.stream(id).await?.remove(1);
    broken.data = b"{}".to_vec();
    let partition = broken.envelope.position.partition;
    world.send(vec![broken]).await?;
    let offset = {
        let ranges = infra::kafka::watermarks(config, contracts::topics::ORDER_EVENTS).await?;
        // The record, and the marker at the end of its transaction.
        ranges[usize::try_from(partition)?].end - 2
    };
    // Whoever makes the views anew reads the log, which is sound.
    world.rebuild().await?;
    sqlx::query("UPDATE projection_offsets SET next = 0")
        .execute(&world.views)
        .await?;
    let reason = world.projector()?.failure().await?;
    let place = format!(
        "{}orders.events.v1/{partition} offset {offset}",
        config.kafka_prefix
    );
    ensure!(reason.contains(&place), "{place:?} is not in {reason:?}");
    ensure!(reason.contains(&id.to_string()), "{reason}");
    Ok(())
}

/// The database refuses one order of a batch: the others are applied, and
/// that one is named.
pub async fn a_row_that_is_refused_is_named(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let id = clock::new_id();
    sqlx::query(&format!(
        "ALTER TABLE orders ADD CHECK (number <> 'N-{id}')"
    ))
    .execute(&world.views)
    .await?;
    let (mut before, after) = (orders(20), orders(20));
    before.push(placed(id, 1));
    before.extend(after);
    world.happen(&before).await?;
    let reason = world.projector()?.failure().await?;
    ensure!(reason.contains(&format!("key {id}")), "{reason}");
    ensure!(!world.versions().await?.contains_key(&id));
    Ok(())
}
