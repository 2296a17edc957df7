//! Row `webhooks`: deliveries to receivers on this machine, beside a client that
//! sends the same bodies to the same receiver and does nothing else; and how soon
//! an order that was placed is told of, with dead endpoints and without.

mod deliveries;
mod endpoints;
mod placed;
mod receiver;

use crate::{process::Process, row::Figure, whole::Whole};
use endpoints::Endpoints;
use infra::{config::Config, secret::Secret};
use placed::Load;
use receiver::{Receiver, Reply};
use std::{path::Path, time::Duration};

/// For what is to be delivered.
const PATIENCE: Duration = Duration::from_mins(5);

/// A backlog of deliveries, then orders at a fixed rate.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let mut config = config.clone();
    config.webhook_networks = ["127.0.0.0/8"].into_iter().collect();
    let whole = Whole::start(&config, folder).await?;
    config.command_url = format!("http://{}", whole.commands.address);
    config.api_key = Secret::new(whole.key.clone());
    let worker = Process::start(&config, "worker", folder).await?;
    let endpoints = Endpoints::of(&config)?;
    let receiver = Receiver::start(Reply::Told)?;
    let (rounds, count) = if quick { (1, 2_000) } else { (3, 20_000) };
    let mut figures = vec![deliveries::measure(&endpoints, &receiver, rounds, count).await?];
    let load = Load {
        rate: if quick { 50.0 } else { 200.0 },
        time: Duration::from_secs(if quick { 2 } else { 15 }),
    };
    figures.extend(placed::measure(&whole, (&endpoints, &receiver), rounds, load).await?);
    figures.push(worker.highest("worker, highest")?);
    receiver.stop().await;
    Ok(figures)
}
