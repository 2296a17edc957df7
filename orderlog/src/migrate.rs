//! `orderlog migrate`: databases and topics.

use anyhow::Context as _;
use infra::{config::Config, kafka, postgres};
use std::process::ExitCode;

/// Brings everything up to date; safe to run at any time and by several.
pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    postgres::migrate_all(config).await?;
    println!("databases: up to date");
    kafka::ensure_topics(config)
        .await
        .context("the topics cannot be brought up to date")?;
    println!("topics: up to date");
    Ok(ExitCode::SUCCESS)
}
