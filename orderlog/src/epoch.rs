//! `orderlog epoch`: what becomes of a log that was restored from a backup.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use contracts::topics;
use infra::{
    config::Config,
    epoch::{self, Bumped, Epoch, LogIdentity},
    postgres::{Database, connect_options},
    relay,
};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

/// What to do about it.
#[derive(Debug, Subcommand)]
pub enum EpochCommand {
    /// Show the epochs of the log, and whether it may be used
    Show(ShowArgs),
    /// Begin a new epoch of a log that was restored from a backup
    Bump(BumpArgs),
    /// Allow the relay to publish the whole log again, to empty topics
    Republish(RepublishArgs),
}

/// How to show it.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Whether to ask.
#[derive(Debug, Args)]
pub struct Confirmed {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// What is to be published again.
#[derive(Debug, Args)]
pub struct RepublishArgs {
    #[command(flatten)]
    confirmed: Confirmed,
    /// Only what belongs into this platform's own topic; may be given several times
    #[arg(long = "platform", value_name = "SLUG")]
    platforms: Vec<String>,
}

/// Which epoch, and why.
#[derive(Debug, Args)]
pub struct BumpArgs {
    #[command(flatten)]
    confirmed: Confirmed,
    /// Why; subscribers are told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Begin one although nothing is known to be wrong: for a log whose data
    /// folder was replaced by an older copy
    #[arg(long)]
    force: bool,
}

/// Does it and says what comes next.
pub async fn run(config: &Config, command: EpochCommand) -> anyhow::Result<ExitCode> {
    match command {
        EpochCommand::Show(args) => show(config, &args).await,
        EpochCommand::Bump(args) => bump(config, &args).await,
        EpochCommand::Republish(args) => republish(config, &args).await,
    }
}

/// A connection of its own: the pools of the roles refuse a restored log.
async fn connect(config: &Config) -> anyhow::Result<PgConnection> {
    let options = connect_options(Database::Events.session_url(config))?;
    PgConnection::connect_with(&options)
        .await
        .context("the events database cannot be reached")
}

async fn show(config: &Config, args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let mut log = connect(config).await?;
    let epochs = epoch::epochs(&mut log).await?;
    let verdict = epoch::verdict(&mut log).await;
    let refused = verdict.as_ref().err().map(ToString::to_string);
    if args.json {
        let epochs: Vec<_> = epochs.iter().map(as_json).collect();
        println!("{}", json!({"epochs": epochs, "refused": refused}));
    } else {
        for epoch in &epochs {
            println!("{}", line(epoch));
        }
        println!("{}", refused.as_deref().unwrap_or("The log may be used."));
    }
    Ok(match verdict {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn line(epoch: &Epoch) -> String {
    let Epoch {
        epoch: number,
        identity,
        began_at,
        ..
    } = epoch;
    let why = epoch.reason.as_deref().map(|text| format!(": {text}"));
    let why = why.unwrap_or_default();
    format!("epoch {number}  since {began_at}  {identity}{why}")
}

fn as_json(epoch: &Epoch) -> serde_json::Value {
    let LogIdentity {
        system,
        timeline,
        database,
    } = &epoch.identity;
    json!({
        "epoch": epoch.epoch,
        "began_at": epoch.began_at.to_string(),
        "system_identifier": system,
        "timeline": timeline,
        "database": database,
        "reason": epoch.reason,
        "last": epoch.last,
        "contradiction": epoch.contradiction,
    })
}

async fn bump(config: &Config, args: &BumpArgs) -> anyhow::Result<ExitCode> {
    let mut log = connect(config).await?;
    let verdict = epoch::verdict(&mut log).await;
    match (&verdict, args.force) {
        (Ok(present), false) => {
            println!(
                "Nothing to do: the log is in epoch {}, and is the one that it began in.",
                present.epoch
            );
            return Ok(ExitCode::SUCCESS);
        }
        (Ok(_), true) => println!("Nothing is known to be wrong with the log."),
        (Err(error), _) if error.is_bumpable() => println!("{error}"),
        (Err(_), _) => {
            verdict?;
        }
    }
    let published = relay::published_epoch(config)
        .await
        .map_err(|error| anyhow::anyhow!(error))
        .context("Kafka has to be asked which epoch was published last")?;
    let asked = "Begin a new epoch? What the log has lost is lost for good, and every subscriber \
                 is told so.";
    if !args.confirmed.ask(asked)? {
        return Ok(ExitCode::FAILURE);
    }
    let reason = args.reason.as_deref();
    let bumped = epoch::bump(&mut log, reason, published, args.force).await?;
    println!("{}", next_steps(&bumped));
    Ok(ExitCode::SUCCESS)
}

fn next_steps(bumped: &Bumped) -> String {
    let number = bumped.epoch.epoch;
    if !bumped.began {
        return format!("Nothing to do: epoch {number} has begun already.");
    }
    format!(
        "Epoch {number} has begun. What comes next:\n\
         - Start the roles that ended. The relay publishes what older epochs still hold, then \
         announces epoch {number} on every partition of {topic}, of the topics of what orders \
         refer to and of those of platforms, then goes on.\n\
         - The projector rebuilds the read models from the log, and the workers their knowledge of \
         orders; nothing has to be done for that.\n\
         - Subscribers that are not ours have to make anew what they derived from events beyond \
         the announcement's `last_position` (docs/integrators).\n\
         - `orderlog verify` compares the log, Kafka and the read models.",
        topic = topics::ORDER_EVENTS
    )
}

async fn republish(config: &Config, args: &RepublishArgs) -> anyhow::Result<ExitCode> {
    if !args.platforms.is_empty() {
        return republish_platforms(config, args).await;
    }
    let mut log = connect(config).await?;
    let topic = config.kafka_name(topics::ORDER_EVENTS);
    let asked = format!(
        "Publish the whole log again, as soon as {topic}, the topics of what orders refer to and \
         those of platforms are empty? Subscribers that still have the events see each a second \
         time, under the same id."
    );
    if !args.confirmed.ask(&asked)? {
        return Ok(ExitCode::FAILURE);
    }
    for reference in topics::REFERENCE {
        epoch::allow_republish(&mut log, &config.kafka_name(reference.name)).await?;
    }
    for (_, own) in config.platform_topics() {
        epoch::allow_republish(&mut log, &own).await?;
    }
    allow(&mut log, &topic).await?;
    Ok(ExitCode::SUCCESS)
}

/// Allows it, and says what is next.
async fn allow(log: &mut PgConnection, topic: &str) -> anyhow::Result<()> {
    if epoch::allow_republish(log, topic).await? {
        println!(
            "Allowed, once. Run `orderlog migrate` where {topic} is not there, then start the relay."
        );
    } else {
        println!("Nothing to do: nothing was published to {topic}, or it is allowed already.");
    }
    Ok(())
}

/// Into topics that were deleted, and made again or not.
async fn republish_platforms(config: &Config, args: &RepublishArgs) -> anyhow::Result<ExitCode> {
    let mut topics = Vec::new();
    for platform in &args.platforms {
        let mut own = config.platform_topics();
        let own = own.find_map(|(slug, topic)| (slug == platform).then_some(topic));
        let named = || format!("`kafka_platform_topics` does not name {platform}");
        topics.push(own.with_context(named)?);
    }
    let asked = format!(
        "Fill {} from the log's first event on, if empty? Subscribers that still have the events \
         see each a second time, under the same id.",
        topics.join(", ")
    );
    if !args.confirmed.ask(&asked)? {
        return Ok(ExitCode::FAILURE);
    }
    let mut log = connect(config).await?;
    for topic in &topics {
        allow(&mut log, topic).await?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Confirmed {
    /// Whether to go on.
    fn ask(&self, question: &str) -> anyhow::Result<bool> {
        if self.yes {
            return Ok(true);
        }
        anyhow::ensure!(
            std::io::stdin().is_terminal(),
            "there is nobody to ask: say --yes"
        );
        print!("{question} [y/N] ");
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}
