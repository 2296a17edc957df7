//! `orderlog-bench`: figures of Orderlog beside a named limit or peer, taken
//! in one run, alternating, so that the ratios hold on a shared machine.

mod append;
mod backlog;
mod bare;
mod bulk;
mod cache;
mod catalogue;
mod console;
mod cost;
mod curve;
mod documents;
mod export;
mod export_files;
mod flame;
mod history;
mod http;
mod http_client;
mod instructions;
mod jobs;
mod latency;
mod list;
mod load;
mod memory;
mod mix;
mod noise;
mod one_row;
mod pgbench;
mod platforms;
mod process;
mod products;
mod project;
mod quotes;
mod read;
mod readable;
mod reference;
mod relay;
mod report;
mod requests;
mod row;
mod rows;
mod scale;
mod sealing;
mod servers;
mod shop;
mod statistics;
mod upsert;
mod walk;
mod webhooks;
mod whole;
mod workload;
mod zipf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum as _};
use history::{Conditions, Run};
use row::{Figure, print_table};
use rows::{QUICK, RowName, WITH_REDIS, WITHOUT_KAFKA};
use std::{fs, path::PathBuf, process::ExitCode};

/// Measures rows, prints a table, writes JSON.
#[derive(Debug, Parser)]
#[command(name = "orderlog-bench", version)]
struct Args {
    /// What to measure; everything if absent, and of that a few with --quick
    #[arg(value_enum)]
    rows: Vec<RowName>,
    /// Short runs: for trying the harness, not for figures
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keep the figures in bench/history, and write docs/PERFORMANCE.md and its plots
    /// from all that are kept there; below target/bench with --quick
    #[arg(long)]
    write: bool,
    /// Measure nothing: write docs/PERFORMANCE.md and its plots anew
    #[arg(long, conflicts_with_all = ["rows", "json", "flamegraph"])]
    report: bool,
    /// Draw what this role does under load as target/flamegraph/ROLE.svg (needs perf)
    #[arg(long, value_name = "ROLE", conflicts_with_all = ["rows", "json", "write"])]
    flamegraph: Option<flame::Role>,
    /// Do this piece of work under a tool that counts, so many times
    #[arg(long, hide = true, num_args = 2, value_names = ["PIECE", "TIMES"])]
    counted: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let [piece, times] = args.counted.as_slice() {
        instructions::counted(piece, times.parse()?)?;
    } else if let Some(role) = args.flamegraph {
        Box::pin(flame::draw(role, args.quick)).await?;
    } else if args.report {
        report::write(&root(args.quick), &RowName::names())?;
    } else {
        Box::pin(measure(&args)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Below which history, text and plots lie: figures of short runs are not for the
/// checkout.
fn root(quick: bool) -> PathBuf {
    let root = tests::root();
    if quick {
        root.join("target/bench")
    } else {
        root.to_owned()
    }
}

async fn measure(args: &Args) -> anyhow::Result<()> {
    let rows = match args.rows.as_slice() {
        [] if args.quick => QUICK.as_slice(),
        [] => RowName::value_variants(),
        rows => rows,
    };
    let folder = tempfile::tempdir()?;
    let with_kafka = rows.iter().any(|row| !WITHOUT_KAFKA.contains(row));
    let with_redis = rows.iter().any(|row| WITH_REDIS.contains(row));
    let servers = servers::start(folder.path(), with_kafka, with_redis).await?;
    let config = &servers.config;
    let conditions = Conditions::now(config, folder.path(), with_kafka, with_redis).await?;
    let root = root(args.quick);
    let kept = root.join(report::HISTORY);
    let mut run = Run::of(&kept, conditions, args.quick)?;
    let mut figures: Vec<Figure> = Vec::new();
    for row in rows {
        let name = row.name();
        let watch = noise::Watch::start()?;
        let measured = Box::pin(row.measure(config, folder.path(), args.quick)).await;
        let measured = measured.with_context(|| format!("{name} cannot be measured"))?;
        let noise = watch.end()?;
        print_table(&measured);
        println!("{name}: {noise}");
        run.add(&name, noise, &measured);
        if args.write {
            // A run that is cut off has kept, and told, what it had.
            run.keep(&kept)?;
            report::write(&root, &RowName::names())?;
        }
        figures.extend(measured);
    }
    servers.stop().await;
    if let Some(path) = &args.json {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(())
}
