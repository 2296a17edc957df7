//! Parked orders outlive whoever parked them.

use super::{event, parked_orders};
use crate::projections::{
    fencing::applier,
    orders::{noted, orders},
    world::{World, as_record},
};
use anyhow::{Result, ensure};
use infra::{
    config::Config,
    views::{ORDERS, parked},
};
use projections::engine::Redriven;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{Role, TestEnv, wait_until};
use uuid::Uuid;

/// One more event of each.
async fn go_on(world: &World, ids: &[Uuid], sequence: usize) -> Result<()> {
    let mut records = Vec::new();
    for id in ids {
        let number = i64::try_from(sequence)?;
        world.append(&[noted(*id, number)]).await?;
        records.push(as_record(&event(world, *id, sequence).await?));
    }
    world.send_raw(records).await
}

/// Waits until the events from version 3 to this one of each parked order wait, in
/// order, behind the damaged one.
async fn wait_for(world: &World, last: i64) -> Result<()> {
    let expected: Vec<_> = [None].into_iter().chain((3..=last).map(Some)).collect();
    let waits = async || {
        for parked in world.parked().await? {
            let waiting = parked::waiting(&world.views, ORDERS, &parked.id, 10).await?;
            let versions: Vec<_> = waiting.iter().map(|record| record.version).collect();
            if versions != expected {
                return Ok(false);
            }
        }
        Ok(true)
    };
    world.until("all that waits", waits).await
}

/// The projector ends and others take over, twice: what comes of the parked
/// orders goes on to wait, in order, until somebody asks.
pub async fn restarts_and_rebalances_keep_what_waits(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let ids = parked_orders(&world, 8).await?;
    world.parks(8).await?;
    projector.stop().await?;

    let first = world.projector()?;
    first.ready().await?;
    go_on(&world, &ids, 3).await?;
    let second = world.projector()?;
    second.ready().await?;
    go_on(&world, &ids, 4).await?;
    wait_for(&world, 4).await?;
    first.stop().await?;
    go_on(&world, &ids, 5).await?;
    wait_for(&world, 5).await?;
    let parked = world.parked().await?;
    ensure!(
        parked.iter().all(|parked| parked.version == 1),
        "{parked:?}"
    );
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    second.stop().await
}

/// Several workers in several processes: each order is driven by whoever owns
/// its partition, once.
pub async fn two_workers_drive_each_its_own(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let mut two = config.clone();
    two.projector_workers = 2;
    let (first, second) = (World::projector_told(&two)?, world.projector()?);
    first.ready().await?;
    second.ready().await?;
    let ids = parked_orders(&world, 30).await?;
    world.parks(30).await?;
    for id in &ids {
        parked::request_redrive(&world.views, ORDERS, Some(&id.to_string())).await?;
    }
    world.driven().await?;
    world.settled().await?;
    world.check().await?;
    first.stop().await?;
    second.stop().await
}

/// Whoever was frozen has no right to drive anything once another one has gone
/// on.
pub async fn a_zombie_drives_nothing(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.rebuild().await?;
    let projector = world.projector()?;
    projector.ready().await?;
    parked_orders(&world, 1).await?;
    world.parks(1).await?;
    projector.stop().await?;
    let applier = applier(&world)?;
    let mut zombie = applier.held().await?;
    // Somebody else has gone on by one record since.
    for at in zombie.partitions.values_mut() {
        at.next -= 1;
    }
    parked::request_redrive(&world.views, ORDERS, None).await?;
    let before = world.tables().await?;
    let refused = applier.redrive(&zombie, &mut Redriven::default()).await;
    ensure!(refused.is_err(), "{refused:?}");
    ensure!(world.tables().await? == before, "the zombie has written");
    ensure!(world.parked().await?.len() == 1);
    let living = applier.held().await?;
    applier.redrive(&living, &mut Redriven::default()).await?;
    world.check().await
}

/// The process is killed, whatever it is doing, while damaged records arrive
/// among sound ones: each is parked with the offset that it moves, or is not
/// parked yet; nothing is lost and nothing is there twice.
pub async fn killed_while_orders_are_parked(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    // The log holds published data here, which only this build can be made of.
    world.rebuild().await?;
    let done = AtomicBool::new(false);
    let arrive = async {
        let mut ids = Vec::new();
        while !done.load(Ordering::Relaxed) {
            world.happen(&orders(20)).await?;
            ids.extend(parked_orders(&world, 3).await?);
        }
        anyhow::Ok(ids)
    };
    let kill = async {
        for round in 1..=4 {
            let mut projector = env.role("projector").spawn()?;
            projector.log_line("projector.assigned").await?;
            world
                .until("more that is parked", async || {
                    Ok(world.parked().await?.len() > round * 3)
                })
                .await?;
            // What the log holds is nothing that this process can read: each
            // of these is in vain, and may be cut off anywhere.
            parked::request_redrive(&world.views, ORDERS, None).await?;
            projector.kill9().await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (ids, killed) = tokio::join!(arrive, kill);
    killed?;
    let ids = ids?;
    let last = world.projector()?;
    world.read_to_the_end().await?;
    world.driven().await?;
    world.redrive().await?;
    ensure!(!ids.is_empty());
    world.settled().await?;
    world.check().await?;
    last.stop().await
}

/// Parked orders are in the gauge, once, and in no lag; what is driven in vain
/// is counted as that.
pub async fn the_metrics_tell(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let mut roles = [
        env.role("projector").spawn()?,
        env.role("projector").spawn()?,
    ];
    for role in &mut roles {
        role.ready().await?;
    }
    parked_orders(&world, 5).await?;
    world.happen(&orders(20)).await?;
    tells(&roles, "orderlog_parked_orders{", 5).await?;
    tells(&roles, "orderlog_parked_total{", 5).await?;
    tells(&roles, "orderlog_projection_lag_events{", 0).await?;
    // The log holds nothing that these processes can read.
    world.redrive().await?;
    tells(&roles, "orderlog_redrives_total{", 5).await?;
    tells(&roles, "orderlog_parked_orders{", 5).await?;
    for role in roles {
        role.terminate().await?;
    }
    let projector = world.projector()?;
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Waits until the figures of this name add up to `sum`, over all roles.
async fn tells(roles: &[Role], name: &str, sum: u64) -> Result<()> {
    wait_until(&format!("{name} to add up to {sum}"), async || {
        let (mut total, mut lines) = (0.0, 0);
        for role in roles {
            let metrics = reqwest::get(format!("{}/metrics", role.url())).await?;
            for line in metrics
                .text()
                .await?
                .lines()
                .filter(|l| l.starts_with(name))
            {
                let value = line.rsplit(' ').next().unwrap_or_default();
                total += value.parse::<f64>()?;
                lines += 1;
            }
        }
        let same = format!("{total:.0}") == sum.to_string();
        Ok((same && lines > 0).then_some(()))
    })
    .await
}
