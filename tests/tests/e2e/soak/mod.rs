//! A busy shop for a while, whose roles and servers are killed and replaced:
//! nothing is lost, nothing is answered that a client could not try again, and no
//! process grows.
//!
//! `make soak` goes on for half an hour; in `make test` it is short.

mod aside;
mod client;
mod fleet;
mod killer;
mod memory;
mod plot;
mod shop;
mod tally;
mod verdict;

use crate::chaos::number;
use aside::Aside;
use client::Client;
use fleet::Fleet;
use killer::Killer;
use libtest_mimic::Trial;
use shop::Shop;
use std::{env, path::PathBuf, time::Duration};
use tests::{PrivateServers, TestEnv, on_private_servers_for, plain, root};
use tokio_util::sync::CancellationToken;

/// How long the load goes on, in seconds.
const SECONDS: &str = "ORDERLOG_SOAK_SECONDS";
/// Its requests a second.
const RATE: &str = "ORDERLOG_SOAK_RATE";
/// What decides who is asked what, and what is killed in which order.
const SEED: &str = "ORDERLOG_SOAK_SEED";

pub fn trials() -> Vec<Trial> {
    // A number that is none is told by the test itself.
    let lasts = Plan::of_environment().map_or(Duration::ZERO, |plan| plan.lasts);
    vec![
        plain(
            "soak::a_long_run_tells_of_every_role",
            memory::a_long_run_tells_of_every_role,
        ),
        on_private_servers_for(
            "soak::a_long_mixed_load_with_kills_loses_nothing",
            lasts,
            a_long_mixed_load_with_kills_loses_nothing,
        ),
    ]
}

/// How long, how busy, and what comes of chance.
#[derive(Debug, Clone, Copy)]
struct Plan {
    lasts: Duration,
    /// Requests a second.
    rate: u32,
    seed: u64,
}

impl Plan {
    fn of_environment() -> anyhow::Result<Self> {
        Ok(Self {
            lasts: Duration::from_secs(u64::try_from(number(SECONDS, 20)?)?),
            rate: u32::try_from(number(RATE, 30)?)?,
            seed: u64::try_from(number(SEED, 1)?)?,
        })
    }

    /// Where figures are kept: beside the logs, and gone with them, unless somebody
    /// has asked for this run.
    fn folder(env: &TestEnv) -> PathBuf {
        if env::var_os(SECONDS).is_some() {
            root().join("target/soak")
        } else {
            env.logs().join("soak")
        }
    }
}

async fn a_long_mixed_load_with_kills_loses_nothing(
    env: &TestEnv,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    let plan = Plan::of_environment()?;
    env.orderlog_ok(&["migrate"]).await?;
    let fleet = Fleet::start(env).await?;
    let client = Client::of(&fleet);
    let mut aside = Aside::begin(client.clone(), &plan).await?;
    let mut killer = Killer::new(&fleet, servers, &plan);
    let over = CancellationToken::new();
    let ((), (), (), samples) = tokio::try_join!(
        Box::pin(Shop::open(client.clone(), &plan).run(plan.rate, &over)),
        Box::pin(aside.run(&over)),
        Box::pin(killer.run(&over)),
        Box::pin(memory::watch(&fleet, &plan, &over)),
    )?;
    fleet.all_ready().await?;

    let memory = memory::Memory::of(samples, fleet.names());
    let folder = Plan::folder(env);
    plot::write(&memory, &folder)?;
    println!(
        "soak of seed {}: {} s, {} requests a second\n\n{}\n{}\n{}\nmemory in {}",
        plan.seed,
        plan.lasts.as_secs(),
        plan.rate,
        client.table()?,
        killer.table(),
        memory.table(),
        folder.display(),
    );
    killer.has_met_everybody()?;
    verdict::nothing_is_lost(env, &client.told()).await?;
    aside.found_whole(env).await?;
    memory.is_flat(plan.lasts)
}
