//! `orderlog migrate`: databases and topics.

use anyhow::Context as _;
use clap::Args;
use infra::{config::Config, kafka, postgres};
use std::process::ExitCode;

/// What else is to be done.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Make the database roles that `orderlog` programs are to be given, with no more
    /// rights than each needs; they are granted what is new by every later run
    #[arg(long)]
    database_roles: bool,
}

/// Does it and says so.
pub async fn run(config: &Config, args: MigrateArgs) -> anyhow::Result<ExitCode> {
    if args.database_roles {
        postgres::make_roles(config).await?;
        println!("database roles: made");
    }
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
    postgres::grant_roles(config).await?;
    done("databases");
    kafka::ensure_topics(config)
        .await
        .context("the topics cannot be brought up to date")?;
    done("topics");
    Ok(())
}
