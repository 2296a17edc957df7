//! `orderlog parked`: orders that wait because an event of theirs cannot be
//! applied, and records that are nobody's.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use infra::{
    config::Config,
    postgres,
    views::{
        ORDERS,
        discards::{self, Discard},
        parked::{self, Parked, WaitingRecord},
    },
};
use serde_json::json;
use sqlx::PgPool;
use std::process::ExitCode;

/// Entries that are read at a time.
const PAGE: i64 = 500;
/// Records that are shown of one order.
const RECORDS: i64 = 1_000;

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum ParkedCommand {
    /// List what is parked, with the reasons
    List(Shown),
    /// Show one parked order, with the records that wait
    Show {
        /// Order id, or place of a record that names no order
        id: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Have parked orders folded anew from the log, by the running projector
    Redrive(RedriveArgs),
    /// Let a record go that names no order: it is nobody's, for good
    Discard(DiscardArgs),
    /// List what was discarded, by whom and why
    Discarded(Shown),
}

/// Which record, and why.
#[derive(Debug, Args)]
pub struct DiscardArgs {
    /// Its place, as the list tells it
    #[arg(value_name = "record-…")]
    id: String,
    /// For whoever reads it later
    #[arg(long)]
    reason: String,
}

/// How to show it.
#[derive(Debug, Args)]
pub struct Shown {
    /// Print JSON, one document a line
    #[arg(long)]
    json: bool,
}

/// Which of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RedriveArgs {
    /// This one
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// All that are parked now
    #[arg(long)]
    all: bool,
}

/// Does it.
pub async fn run(config: &Config, command: ParkedCommand) -> anyhow::Result<ExitCode> {
    let views = postgres::pool(&config.views_url, 1)?;
    match command {
        ParkedCommand::List(shown) => list(&views, &shown).await?,
        ParkedCommand::Show { id, shown } => show(&views, &id, &shown).await?,
        ParkedCommand::Redrive(args) => redrive(&views, args.order.as_deref()).await?,
        ParkedCommand::Discard(args) => discard(&views, &args).await?,
        ParkedCommand::Discarded(shown) => discarded(&views, &shown).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(views: &PgPool, shown: &Shown) -> anyhow::Result<()> {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = parked::list(views, ORDERS, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        count += page.len();
        for parked in &page {
            if shown.json {
                println!("{}", serde_json::to_string(parked)?);
            } else {
                println!("{}", line(parked));
            }
        }
    }
    if !shown.json {
        println!("{count} parked.");
    }
    Ok(())
}

fn line(parked: &Parked) -> String {
    let Parked {
        id,
        version,
        waiting,
        parked_at,
        reason,
        ..
    } = parked;
    let marked = if parked.redrive_requested_at.is_some() {
        "  (to be driven again)"
    } else {
        ""
    };
    format!("{id}  version {version}, {waiting} waiting  since {parked_at}{marked}\n    {reason}")
}

async fn show(views: &PgPool, id: &str, shown: &Shown) -> anyhow::Result<()> {
    let parked = parked::find(views, ORDERS, id).await?;
    let parked = parked.with_context(|| format!("nothing is parked under {id}"))?;
    let records = parked::waiting(views, ORDERS, id, RECORDS).await?;
    if shown.json {
        println!("{}", json!({"parked": parked, "records": records}));
        return Ok(());
    }
    println!("{}", line(&parked));
    println!("    driven again {} times in vain", parked.attempts);
    for record in &records {
        print(record);
    }
    Ok(())
}

fn print(record: &WaitingRecord) {
    let WaitingRecord {
        partition, offset, ..
    } = record;
    let key = record.key.as_deref().unwrap_or_default();
    println!("\npartition {partition}, offset {offset}, key {key}");
    for (name, value) in &record.headers {
        println!("    {name}: {}", value.as_deref().unwrap_or_default());
    }
    println!("    {}", record.value.as_deref().unwrap_or_default());
}

async fn redrive(views: &PgPool, order: Option<&str>) -> anyhow::Result<()> {
    let marked = parked::request_redrive(views, ORDERS, order).await?;
    if let Some(id) = order {
        anyhow::ensure!(marked > 0, "nothing is parked under {id}");
    }
    println!(
        "{marked} marked: a running projector drives them again within seconds. What is still \
         wrong then stays parked; `orderlog parked list` says why."
    );
    Ok(())
}

async fn discard(views: &PgPool, args: &DiscardArgs) -> anyhow::Result<()> {
    let reason = args.reason.trim();
    anyhow::ensure!(!reason.is_empty(), "a reason is needed");
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let actor = format!("cli:{user}");
    let discard = discards::discard(views, ORDERS, &args.id, (&actor, reason)).await?;
    println!("{}", told(&discard));
    Ok(())
}

async fn discarded(views: &PgPool, shown: &Shown) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = discards::list(views, ORDERS, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        for discard in &page {
            if shown.json {
                println!("{}", serde_json::to_string(discard)?);
            } else {
                println!("{}", told(discard));
            }
        }
    }
}

fn told(discard: &Discard) -> String {
    let Discard {
        id,
        parked,
        actor,
        reason,
        discarded_at,
        ..
    } = discard;
    format!("{id}  discarded by {actor} at {discarded_at}: {reason}\n    {parked}")
}
