//! Everything that carries a command is killed at random while commands come:
//! what was answered is in the log and on Kafka once, what was not is there
//! wholly or not at all.
//!
//! `make chaos` runs it with 60 kills and prints its seed; the same seed kills
//! the same parts in the same order. In `make test` it is short.

mod clients;
mod judge;
mod killer;
mod pile;

use anyhow::{Result, ensure};
use clients::Clients;
use killer::Killer;
use libtest_mimic::Trial;
use std::env;
use tests::{PrivateServers, TestEnv, on_private_servers};

/// Kills, unless `ORDERLOG_CHAOS_KILLS` says otherwise.
const KILLS: usize = 8;

pub fn trials() -> Vec<Trial> {
    vec![
        on_private_servers(
            "chaos::whatever_is_killed_nothing_is_lost_or_doubled",
            whatever_is_killed_nothing_is_lost_or_doubled,
        ),
        on_private_servers(
            "chaos::events_pile_up_while_kafka_is_away",
            pile::events_pile_up_while_kafka_is_away,
        ),
    ]
}

fn number(name: &str, otherwise: usize) -> Result<usize> {
    Ok(env::var(name).map_or(Ok(otherwise), |n| n.parse())?)
}

async fn whatever_is_killed_nothing_is_lost_or_doubled(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let seed = u64::try_from(number("ORDERLOG_CHAOS_SEED", 1)?)?;
    let kills = number("ORDERLOG_CHAOS_KILLS", KILLS)?;
    env.orderlog_ok(&["migrate"]).await?;
    let mut killer = Killer::start(env, servers, seed).await?;
    let clients = Clients::start(env, killer.addresses()).await?;
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
