//! Row `memory`: resident memory of roles as processes, idle and at work.

use crate::{
    backlog, http,
    process::{Process, Taken, memory_of},
    project::applied,
    row::Figure,
};
use anyhow::ensure;
use infra::{config::Config, kafka::ensure_topics, postgres, secret::Secret};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// What an idle role may take, in MiB.
const IDLE: f64 = 40.0;

/// For the projector to catch up.
const PATIENCE: Duration = Duration::from_mins(10);

/// Idle: every role. At work: the command API, the relay, and whatever reads the
/// whole log, with more and more of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    ensure_topics(config).await?;
    let time = Duration::from_secs(if quick { 1 } else { 10 });
    projections::make_empty(config).await?;
    let start = |role| Process::start(config, role, folder);
    let (api, relay) = (start("command-api").await?, start("relay").await?);
    let (projector, reads) = (start("projector").await?, start("read-api").await?);
    let key = http::key(config).await?;
    let mut of_worker = config.clone();
    of_worker.command_url = format!("http://{}", api.address);
    of_worker.read_url = format!("http://{}", reads.address);
    of_worker.api_key = Secret::new(&*key);
    let worker = Process::start(&of_worker, "worker", folder).await?;
    sleep(Duration::from_secs(3)).await;
    let mut figures = Vec::new();
    for (role, process) in [
        ("command-api", &api),
        ("relay", &relay),
        ("projector", &projector),
        ("read-api", &reads),
        ("worker", &worker),
    ] {
        let mib = process.resident_mib()?;
        figures.push(Figure::memory(format!("{role} idle"), mib, Some(IDLE)));
        let own = format!("{role} idle, without the program's pages");
        figures.push(Figure::memory(own, process.own_mib()?, None));
    }
    drop((projector, reads, worker));
    http::closed_loop(&api.address, &key, time).await?;
    let figure = |what: &str, mib, process: &Process| {
        let figure = Figure::memory(what.to_owned(), mib, None);
        figure.with_points(process.memory_over_time())
    };
    let loaded = api.resident_mib()?;
    figures.push(figure("command-api after full load", loaded, &api));
    let events = if quick { 20_000 } else { 100_000 };
    backlog::append(config, events).await?;
    let mut most = 0.0_f64;
    for _ in 0..time.as_secs() * 10 {
        most = most.max(relay.resident_mib()?);
        sleep(Duration::from_millis(100)).await;
    }
    figures.push(figure("relay with a backlog, highest", most, &relay));
    for events in if quick {
        [20_000, 40_000]
    } else {
        [100_000, 400_000]
    } {
        figures.extend(whole_log(config, folder, events).await?);
    }
    Ok(figures)
}

/// Projector, rebuild and verification with at least so many events.
async fn whole_log(config: &Config, folder: &Path, events: i64) -> anyhow::Result<Vec<Figure>> {
    let log = postgres::pool(&config.events_url, 1)?;
    let views = postgres::pool(&config.views_url, 1)?;
    let missing = events - backlog::stored(&log).await?;
    if missing > 0 {
        backlog::append(config, missing).await?;
    }
    let stored = backlog::stored(&log).await?;
    let projector = Process::start(config, "projector", folder).await?;
    let deadline = Instant::now() + PATIENCE;
    while applied(&views).await? < stored {
        ensure!(Instant::now() < deadline, "the projector takes too long");
        sleep(Duration::from_secs(1)).await;
    }
    let following = Taken {
        highest: projector.highest_mib()?,
        over_time: projector.memory_over_time(),
    };
    drop(projector);
    let rebuild = memory_of(config, &["rebuild", "orders"], folder).await?;
    // The documents of that build are yet to be published.
    let publisher = Process::start(config, "projector", folder).await?;
    let verify = memory_of(config, &["verify", "--wait", "15m"], folder).await?;
    drop(publisher);
    let figure = |what, taken: Taken| {
        let case = format!("{what}, {stored} events, highest");
        Figure::memory(case, taken.highest, None).with_points(taken.over_time)
    };
    Ok(vec![
        figure("projector that catches up", following),
        figure("rebuild", rebuild),
        figure("verify", verify),
    ])
}
