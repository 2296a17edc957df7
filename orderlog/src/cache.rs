//! `orderlog cache`: what Redis keeps of answers.

use clap::{Args, Subcommand};
use infra::{
    config::Config,
    redis::{Purge, Redis, purge},
};
use std::process::ExitCode;

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Delete cached values, all of them or some; nothing is lost by it
    #[command(
        after_help = "Examples:\n  orderlog cache purge\n  orderlog cache purge --family orders --key 01890a5d-ac96-774b-bcce-b302099a8057\n  orderlog cache purge --prefix orders:01890a5d\n  orderlog cache purge --family quotes --prefix web:"
    )]
    Purge(PurgeArgs),
}

/// Which values.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Only those of a family: orders, products, platforms, statistics, documents, quotes
    #[arg(long)]
    family: Option<String>,
    /// Only this one: an order's key is its id, a product's or platform's its subject; without --family FAMILY:KEY
    #[arg(long, conflicts_with = "prefix")]
    key: Option<String>,
    /// Only those whose key begins so, that of a quote with PLATFORM:; without --family FAMILY:PREFIX
    #[arg(long)]
    prefix: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
pub async fn run(config: &Config, command: CacheCommand) -> anyhow::Result<ExitCode> {
    let CacheCommand::Purge(args) = command;
    let which = Purge::of(args.family, args.key, args.prefix)?;
    let purged = purge(&Redis::new(config)?, &which).await?;
    if args.json {
        println!("{}", serde_json::json!({ "purged": purged }));
    } else {
        println!("purged: {purged}");
    }
    Ok(ExitCode::SUCCESS)
}
