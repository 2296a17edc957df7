//! Row `memory`: resident memory of roles as processes, idle and at work.

use crate::{
    backlog, http,
    process::{Process, highest_mib_of},
    project::applied,
    row::Figure,
};
use anyhow::ensure;
use infra::{config::Config, kafka::ensure_topics, postgres};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// What an idle role may take, in MiB.
const IDLE: f64 = 40.0;

/// For the projector to catch up.
const PATIENCE: Duration = Duration::from_mins(10);

/// Idle: every role of a request's path. At work: the command API, the relay,
/// and whatever reads the whole log, with more and more of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    ensure_topics(config).await?;
    let time = Duration::from_secs(if quick { 1 } else { 20 });
    projections::make_empty(config).await?;
    let start = |role| Process::start(config, role, folder);
    let (api, relay) = (start("command-api").await?, start("relay").await?);
    let (projector, reads) = (start("projector").await?, start("read-api").await?);
    sleep(Duration::from_secs(3)).await;
    let mut figures = Vec::new();
    for (role, process) in [
        ("command-api", &api),
        ("relay", &relay),
        ("projector", &projector),
        ("read-api", &reads),
    ] {
        let mib = process.resident_mib()?;
        figures.push(Figure::memory(format!("{role} idle"), mib, Some(IDLE)));
    }
    drop((projector, reads));
    let key = http::key(config).await?;
    http::closed_loop(&api.address, &key, time).await?;
    figures.push(Figure::memory(
        "command-api after full load".into(),
        api.resident_mib()?,
        None,
    ));
    let events = if quick { 20_000 } else { 300_000 };
    backlog::append(config, events).await?;
    let mut most = 0.0_f64;
    for _ in 0..time.as_secs() * 10 {
        most = most.max(relay.resident_mib()?);
        sleep(Duration::from_millis(100)).await;
    }
    figures.push(Figure::memory(
        "relay with a backlog, highest".into(),
        most,
        None,
    ));
    for events in if quick {
        [20_000, 40_000]
    } else {
        [300_000, 1_000_000]
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
    let following = projector.highest_mib()?;
    drop(projector);
    let rebuild = highest_mib_of(config, &["rebuild", "orders"], folder).await?;
    // The documents of that build are yet to be published.
    let publisher = Process::start(config, "projector", folder).await?;
    let verify = highest_mib_of(config, &["verify", "--wait", "15m"], folder).await?;
    drop(publisher);
    let figure = |what, mib| Figure::memory(format!("{what}, {stored} events, highest"), mib, None);
    Ok(vec![
        figure("projector that catches up", following),
        figure("rebuild", rebuild),
        figure("verify", verify),
    ])
}
