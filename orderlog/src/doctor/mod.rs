//! `orderlog doctor`: where every setting comes from, whether every server is
//! well, and what holds the log's horizon or could.

mod databases;
mod horizon;
mod replicas;
mod report;
mod servers;
mod sessions;
mod store;
mod text;

pub use report::Report;

use anyhow::Context as _;
use infra::config::{Config, Origin, Setting};
use std::{path::Path, process::ExitCode};

/// Say where every setting comes from and whether every server is well.
///
/// Changes nothing. Says for each setting its value and where that came from, for each server
/// whether it answers, its version and whether what Orderlog keeps there is as
/// this release needs it, and for the log what holds its horizon back or could:
/// until a transaction of the log's cluster ends, nothing that was appended
/// after it began is published. Ends with 1 if something is wrong; warnings are
/// only told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog doctor\n  \
    orderlog doctor --dir .orderlog --json | jq .findings")]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Every setting; `listen` is what the flag said.
pub fn settings(file: Option<&Path>, listen: Option<String>) -> anyhow::Result<Vec<Setting>> {
    let mut settings = Config::settings(file)?;
    if let Some(value) = listen {
        let setting = settings.iter_mut().find(|s| s.key == "listen");
        let setting = setting.context("there is such a setting")?;
        setting.value = value;
        setting.origin = Origin::Flag("--listen");
    }
    Ok(settings)
}

/// Looks, and prints what it found on standard output.
pub async fn run(
    args: &DoctorArgs,
    config: &Config,
    settings: Vec<Setting>,
) -> anyhow::Result<ExitCode> {
    let report = examine(config, settings).await;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn examine(config: &Config, settings: Vec<Setting>) -> Report {
    let (databases, replicas, redis, kafka, objects, log) = tokio::join!(
        databases::examine(config),
        replicas::examine(config),
        servers::redis(config),
        servers::kafka(config),
        servers::objects(config),
        horizon::examine(config),
    );
    let mut report = Report::new(settings);
    for server in databases.into_iter().chain(replicas) {
        report.add(server);
    }
    report.add(redis);
    report.add(kafka);
    if let Some(objects) = objects {
        report.add(objects);
    }
    report.set_log(log);
    report
}
