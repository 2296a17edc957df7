//! `orderlog-bench`: figures of Orderlog beside a named limit or peer, taken
//! in one run, alternating, so that the ratios hold on a shared machine.

mod append;
mod row;
mod servers;

use clap::{Parser, ValueEnum};
use row::{Figure, print_table};
use std::{fs, path::PathBuf, process::ExitCode};

/// Measures rows, prints a table, writes JSON.
#[derive(Debug, Parser)]
#[command(name = "orderlog-bench", version)]
struct Args {
    /// What to measure; everything if absent
    #[arg(value_enum)]
    rows: Vec<RowName>,
    /// Short runs: for trying the harness, not for figures
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RowName {
    /// Durable commands through cqrs-es, in process
    Append,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let rows = if args.rows.is_empty() {
        RowName::value_variants()
    } else {
        &args.rows
    };
    let folder = tempfile::tempdir()?;
    let servers = servers::start(folder.path()).await?;
    let mut figures: Vec<Figure> = Vec::new();
    for row in rows {
        match row {
            RowName::Append => figures.extend(append::measure(&servers.config, args.quick).await?),
        }
    }
    servers.stop().await;
    print_table(&figures);
    if let Some(path) = args.json {
        fs::write(path, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
