//! Everything that carries a command is killed at random while commands come:
//! what was answered is in the log and on Kafka once, what was not is there
//! wholly or not at all. Whatever befalls projectors, the views come to what
//! the log says.
//!
//! `make chaos` runs it with 60 kills and prints its seed; the same seed kills
//! the same parts in the same order. In `make test` it is short.

mod backends;
pub mod clients;
mod disk;
pub mod fleet;
mod held;
pub mod judge;
mod killer;
mod pile;
mod projectors;
mod system;

use anyhow::{Result, ensure};
use clients::Clients;
use infra::local_servers::Server;
use killer::Killer;
use libtest_mimic::Trial;
use rand::{Rng as _, rngs::StdRng};
use std::{env, time::Duration};
use system::System;
use tests::{PrivateServers, Role, TestEnv, on_private_servers, on_servers};

/// Kills, unless `ORDERLOG_CHAOS_KILLS` says otherwise.
const KILLS: usize = 8;

pub fn trials() -> Vec<Trial> {
    vec![
        on_private_servers(
            "chaos::whatever_is_killed_nothing_is_lost_or_doubled",
            whatever_is_killed_nothing_is_lost_or_doubled,
        ),
        on_private_servers(
            "chaos::whatever_befalls_projectors_the_views_equal_the_log",
            projectors::whatever_befalls_projectors_the_views_equal_the_log,
        ),
        on_private_servers(
            "chaos::events_pile_up_while_kafka_is_away",
            pile::events_pile_up_while_kafka_is_away,
        ),
        on_servers(
            "chaos::every_backend_is_terminated_again_and_again",
            backends::every_backend_is_terminated_again_and_again,
        ),
        on_private_servers(
            "chaos::the_log_is_held_by_a_stranger_and_its_disk_is_full",
            the_log_is_held_and_its_disk_is_full,
        ),
    ]
}

/// A number of the environment.
pub fn number(name: &str, otherwise: usize) -> Result<usize> {
    Ok(env::var(name).map_or(Ok(otherwise), |n| n.parse())?)
}

/// A figure that a role exports; 0 before it is known.
async fn figure(role: &Role, name: &str) -> Result<f64> {
    let metrics = metrics(role).await?;
    Ok(value(&metrics, name).map_or(Ok(0.0), str::parse::<f64>)?)
}

/// Kills a server and starts it again.
pub async fn crash(servers: &PrivateServers, server: Server, rng: &mut StdRng) -> Result<()> {
    servers.kill(server).await?;
    // Down for a moment: what comes meanwhile finds nobody.
    let down = rng.random_range(0..400);
    tokio::time::sleep(Duration::from_millis(down)).await;
    servers.restart(server).await?;
    Ok(())
}

/// What a role exports.
async fn metrics(role: &Role) -> Result<String> {
    let metrics = reqwest::get(format!("{}/metrics", role.url())).await?;
    Ok(metrics.text().await?)
}

/// The value of a series in it.
fn value<'a>(metrics: &'a str, name: &str) -> Option<&'a str> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.map(str::trim)
}

/// Both need servers of their own, and no two sets of them.
async fn the_log_is_held_and_its_disk_is_full(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let mut system = System::start(env).await?;
    system.clients.are_answered(20).await?;
    held::a_transaction_stays_open(env, &mut system).await?;
    let disk = disk::SmallDisk::holds(env, servers).await?;
    if let Some(disk) = &disk {
        disk::there_is_no_room(env, servers, &mut system, disk).await?;
    }
    let report = system.found_whole().await?;
    println!("a transaction left open, and a full disk: {report}");
    // Before the disk is gone.
    servers.stop_one(Server::Events).await?;
    Ok(())
}

async fn whatever_is_killed_nothing_is_lost_or_doubled(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let seed = u64::try_from(number("ORDERLOG_CHAOS_SEED", 1)?)?;
    let kills = number("ORDERLOG_CHAOS_KILLS", KILLS)?;
    env.orderlog_ok(&["migrate"]).await?;
    let mut killer = Killer::start(env, servers, seed).await?;
    let mut clients = Clients::start(env, killer.addresses()).await?;
    for _ in 0..kills {
        clients.are_answered(40).await?;
        killer.kill_one().await?;
    }
    clients.are_answered(40).await?;
    let told = clients.stop().await?;
    let report = judge::judge(env, &told).await?;
    println!(
        "chaos of seed {seed}, {} kills ({}): {report}",
        kills,
        killer.tally()
    );
    ensure!(report.is_clean(), "{report}");
    ensure!(
        report.answered > 0 && report.stored >= report.answered,
        "{report}"
    );
    Ok(())
}
