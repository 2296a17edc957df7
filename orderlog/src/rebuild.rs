//! `orderlog rebuild`: a projection, made again from the log.

use crate::{keys::sealing, mapping::Mapping};
use clap::{Args, ValueEnum};
use infra::{config::Config, epoch, log::LogReader};
use std::{process::ExitCode, sync::Arc};

/// Which projection.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// Its name
    projection: Projection,
}

/// The projections of this version.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Projection {
    /// Orders, lines, history and statistics
    Orders,
}

/// Rebuilds it; running projectors wait meanwhile.
pub async fn run(config: Config, args: RebuildArgs) -> anyhow::Result<ExitCode> {
    let Projection::Orders = args.projection;
    let log = LogReader::new(epoch::pool(&config.events_url, 2)?);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(&config)?);
    let report = projections::rebuild(&config, log, mapping, sealing, &|progress| {
        eprintln!("{progress}");
    })
    .await?;
    println!("{report}");
    Ok(ExitCode::SUCCESS)
}
