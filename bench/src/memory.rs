//! Row `memory`: resident memory of roles as processes, idle and at work.

use crate::{backlog, http, process::Process, row::Figure};
use infra::{config::Config, kafka::ensure_topics, postgres};
use std::{path::Path, time::Duration};
use tokio::time::sleep;

/// What an idle role may take, in MiB.
const IDLE: f64 = 40.0;

/// Idle: every role of a request's path. At work: the command API and the relay.
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
    Ok(figures)
}
