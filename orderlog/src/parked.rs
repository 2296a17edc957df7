//! `orderlog parked`: what waits because an event of it cannot be applied, and
//! records that are nobody's; orders, unless another projection is named.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use infra::{
    config::Config,
    postgres,
    views::{
        ORDERS, builds,
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
    List {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show one parked order, with the records that wait
    Show {
        /// Order id, or place of a record that names no order
        id: String,
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        shown: Shown,
    },
    /// Have parked orders folded anew from the log, by the running projector
    Redrive {
        #[command(flatten)]
        which: RedriveArgs,
        #[command(flatten)]
        of: Of,
    },
    /// Let a record go that names no order: it is nobody's, for good
    Discard {
        #[command(flatten)]
        which: DiscardArgs,
        #[command(flatten)]
        of: Of,
    },
    /// List what was discarded, by whom and why
    Discarded {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        shown: Shown,
    },
}

/// Where it is parked.
#[derive(Debug, Args)]
pub struct Of {
    /// Another projection than that of the orders, such as products
    #[arg(long, value_name = "NAME", default_value = ORDERS)]
    projection: String,
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
        ParkedCommand::List { of, shown } => list(of.among(&views).await?, &shown).await?,
        ParkedCommand::Show { id, of, shown } => show(of.among(&views).await?, &id, &shown).await?,
        ParkedCommand::Redrive { which, of } => {
            redrive(of.among(&views).await?, which.order.as_deref()).await?;
        }
        ParkedCommand::Discard { which, of } => discard(of.among(&views).await?, &which).await?,
        ParkedCommand::Discarded { of, shown } => {
            discarded(of.among(&views).await?, &shown).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The views, and a projection of them.
type Parking<'a> = (&'a PgPool, &'a str);

impl Of {
    async fn among<'a>(&'a self, views: &'a PgPool) -> anyhow::Result<Parking<'a>> {
        let name = self.projection.as_str();
        let known = builds::is_known(views, name).await?;
        anyhow::ensure!(known, "there is no projection {name:?}");
        Ok((views, name))
    }
}

async fn list((views, projection): Parking<'_>, shown: &Shown) -> anyhow::Result<()> {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = parked::list(views, projection, after, PAGE).await?;
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

async fn show((views, projection): Parking<'_>, id: &str, shown: &Shown) -> anyhow::Result<()> {
    let parked = parked::find(views, projection, id).await?;
    let parked = parked.with_context(|| format!("nothing is parked under {id}"))?;
    let records = parked::waiting(views, projection, id, RECORDS).await?;
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

async fn redrive((views, projection): Parking<'_>, order: Option<&str>) -> anyhow::Result<()> {
    let marked = parked::request_redrive(views, projection, order).await?;
    if let Some(id) = order {
        anyhow::ensure!(marked > 0, "nothing is parked under {id}");
    }
    println!(
        "{marked} marked: a running projector drives them again within seconds. What is still \
         wrong then stays parked; `orderlog parked list` says why."
    );
    Ok(())
}

async fn discard((views, projection): Parking<'_>, args: &DiscardArgs) -> anyhow::Result<()> {
    let reason = args.reason.trim();
    anyhow::ensure!(!reason.is_empty(), "a reason is needed");
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let actor = format!("cli:{user}");
    let discard = discards::discard(views, projection, &args.id, (&actor, reason)).await?;
    println!("{}", told(&discard));
    Ok(())
}

async fn discarded((views, projection): Parking<'_>, shown: &Shown) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = discards::list(views, projection, after, PAGE).await?;
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
