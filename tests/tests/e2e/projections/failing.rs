//! Servers that are away. Nothing is parked because of them.

use super::{
    orders::{noted, orders, placed},
    world::World,
};
use crate::proxy::Proxy;
use anyhow::{Result, ensure};
use infra::{clock, config::Config};
use projections::WorkerState;
use sqlx::{Connection as _, PgConnection};

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

/// The log is away when an order has to be folded from it: the role waits, and
/// goes on with that order when it is back.
pub async fn an_order_waits_for_the_log(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let proxy = Proxy::start(&config.events_url).await?;
    let mut through = config.clone();
    through.events_url = proxy.url();
    let projector = World::projector_told(&through)?;
    projector.ready().await?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    world.settled().await?;
    proxy.refuse();
    world.append(&[noted(id, 2), noted(id, 3)]).await?;
    let gap = world.stream(id).await?.split_off(2);
    world.send(gap).await?;
    // First for the batch, and from then on for the look at the epoch.
    let waits = |worker: &WorkerState| matches!(worker, WorkerState::Waiting(_));
    let waiting = || projector.status.workers().iter().any(waits);
    world.until_role(waiting, "the worker to wait").await?;
    ensure!(world.parked().await?.is_empty());
    proxy.accept();
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Somebody else has locked the rows for longer than is waited: that is tried
/// again, and parks nothing.
pub async fn a_lock_parks_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    // A session without our time-outs.
    let mut holder = PgConnection::connect(&config.views_url).await?;
    let mut lock = holder.begin().await?;
    sqlx::query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await?;
    world.happen(&orders(20)).await?;
    // As the server does it when the time is over.
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_locks l \
        JOIN pg_database d ON d.oid = l.database \
        WHERE d.datname = current_database() AND NOT granted AND relation = 'orders'::regclass";
    for _ in 0..3 {
        world
            .until("batch that waits", async || {
                Ok(!sqlx::query(cancel)
                    .fetch_all(&world.views)
                    .await?
                    .is_empty())
            })
            .await?;
    }
    lock.rollback().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}
