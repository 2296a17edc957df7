//! `orderlog migrate`: databases and topics.

use anyhow::Context as _;
use infra::{config::Config, kafka, postgres};
use std::process::ExitCode;

/// Does it and says so.
pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    up_to_date(config, |what| println!("{what}: up to date")).await?;
    Ok(ExitCode::SUCCESS)
}

/// Brings everything up to date; safe to run at any time and by several.
/// `done` hears of each part.
pub async fn up_to_date(config: &Config, done: impl Fn(&str)) -> anyhow::Result<()> {
    postgres::migrate_all(config).await?;
    projections::make_empty(config)
        .await
        .context("the tables of the projections cannot be made")?;
    done("databases");
    kafka::ensure_topics(config)
        .await
        .context("the topics cannot be brought up to date")?;
    done("topics");
    Ok(())
}
