//! `orderlog-bench`: figures of Orderlog beside a named limit or peer, taken
//! in one run, alternating, so that the ratios hold on a shared machine.

mod append;
mod backlog;
mod bare;
mod bulk;
mod cache;
mod catalogue;
mod cost;
mod curve;
mod documents;
mod export;
mod export_files;
mod http;
mod http_client;
mod jobs;
mod latency;
mod list;
mod memory;
mod mix;
mod one_row;
mod pgbench;
mod process;
mod products;
mod project;
mod quotes;
mod read;
mod readable;
mod reference;
mod relay;
mod requests;
mod row;
mod scale;
mod sealing;
mod servers;
mod statistics;
mod upsert;
mod walk;
mod webhooks;
mod whole;
mod workload;
mod zipf;

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
    /// The same over HTTP, and how long a command takes
    Http,
    /// Orders line by line, and in a request each
    Bulk,
    /// A backlog of events to Kafka, exactly once
    Relay,
    /// Read models, caught up from Kafka
    Project,
    /// Read models, from the log
    Rebuild,
    /// Orders by their id: unchanged, from Redis, from the database
    Read,
    /// Pages of lists, early and late
    List,
    /// Statistics from Redis and from the views
    Statistics,
    /// All orders as NDJSON, CSV and Parquet
    Export,
    /// Invoices as PDF, drawn and from Redis
    Documents,
    /// How soon an event is with a consumer, and an order that was placed is read
    Latency,
    /// Resident memory of roles, idle and at work
    Memory,
    /// What the size of the log costs an append
    Scale,
    /// Jobs that are enqueued, and jobs that are carried out
    Jobs,
    /// What webhook endpoints are told, and how soon
    Webhooks,
    /// What shipping costs, from Redis and computed
    Quotes,
    /// Twenty products by SKU, from Redis and from the database
    Products,
    /// Products saved line by line
    Catalogue,
    /// What personal data costs an append
    Sealing,
    /// Processor time and bytes of each role and server, by orders
    Cost,
    /// What everything costs as orders become more
    Curve,
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
    let without_kafka = [
        RowName::Append,
        RowName::Bulk,
        RowName::Catalogue,
        RowName::Http,
        RowName::Jobs,
        RowName::Scale,
        RowName::Sealing,
    ];
    let with_kafka = rows.iter().any(|row| !without_kafka.contains(row));
    let with_redis = [
        RowName::Cost,
        RowName::Documents,
        RowName::Export,
        RowName::Jobs,
        RowName::Latency,
        RowName::List,
        RowName::Products,
        RowName::Quotes,
        RowName::Read,
        RowName::Statistics,
        RowName::Webhooks,
    ];
    let with_redis = rows.iter().any(|row| with_redis.contains(row));
    let servers = servers::start(folder.path(), with_kafka, with_redis).await?;
    let mut figures: Vec<Figure> = Vec::new();
    for row in rows {
        let (config, quick) = (&servers.config, args.quick);
        let measured = match row {
            RowName::Append => append::measure(config, quick).await?,
            RowName::Http => http::measure(config, folder.path(), quick).await?,
            RowName::Bulk => bulk::measure(config, folder.path(), quick).await?,
            RowName::Relay => relay::measure(config, quick).await?,
            RowName::Project => project::catch_up(config, quick).await?,
            RowName::Rebuild => project::rebuild(config, quick).await?,
            RowName::Read => read::measure(config, folder.path(), quick).await?,
            RowName::List => list::measure(config, folder.path(), quick).await?,
            RowName::Statistics => statistics::measure(config, folder.path(), quick).await?,
            RowName::Export => export::measure(config, folder.path(), quick).await?,
            RowName::Documents => documents::measure(config, folder.path(), quick).await?,
            RowName::Latency => {
                let mut figures = latency::measure(config, quick).await?;
                figures.extend(readable::measure(config, folder.path(), quick).await?);
                figures
            }
            RowName::Memory => memory::measure(config, folder.path(), quick).await?,
            RowName::Scale => scale::measure(config, quick).await?,
            RowName::Jobs => jobs::measure(config, quick).await?,
            RowName::Webhooks => webhooks::measure(config, folder.path(), quick).await?,
            RowName::Quotes => quotes::measure(config, folder.path(), quick).await?,
            RowName::Products => products::measure(config, folder.path(), quick).await?,
            RowName::Catalogue => catalogue::measure(config, folder.path(), quick).await?,
            RowName::Sealing => sealing::measure(config, quick).await?,
            RowName::Cost => cost::measure(config, folder.path(), quick).await?,
            RowName::Curve => curve::measure(config, folder.path(), quick).await?,
        };
        print_table(&measured);
        figures.extend(measured);
    }
    servers.stop().await;
    if let Some(path) = args.json {
        fs::write(path, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
