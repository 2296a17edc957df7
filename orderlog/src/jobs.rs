//! `orderlog jobs`: work that happens outside of requests.

use anyhow::Context as _;
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use infra::{
    config::Config,
    jobs::{self, Filter, JobRecord, JobState},
    postgres,
};
use serde_json::to_string;
use sqlx::PgPool;
use std::process::ExitCode;
use uuid::Uuid;

/// Jobs that are read at a time.
const PAGE: u16 = 500;

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs, the newest first
    List(ListArgs),
    /// Show one job: its payload, progress, result and failures
    Show(OneJob),
    /// Give dead jobs, or one that is dead or cancelled, a new chance
    Retry(RetryArgs),
    /// Cancel a job: one that waits at once, one that runs by telling it so
    Cancel(OneJob),
}

/// Which jobs to list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those in this state
    #[arg(long, value_parser = PossibleValuesParser::new(JobState::ALL.map(JobState::name)))]
    state: Option<String>,
    #[command(flatten)]
    which: Which,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print JSON, one document a line
    #[arg(long)]
    json: bool,
}

/// Which of them.
#[derive(Debug, Args)]
pub struct Which {
    /// Only those of this queue
    #[arg(long)]
    queue: Option<String>,
    /// Only those of this kind
    #[arg(long)]
    kind: Option<String>,
}

/// Which one.
#[derive(Debug, Args)]
pub struct OneJob {
    /// Its id
    id: Uuid,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which ones to retry.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// This one
    #[arg(
        value_name = "ID",
        required_unless_present = "all_dead",
        conflicts_with_all = ["all_dead", "queue", "kind"]
    )]
    job: Option<Uuid>,
    /// All that are dead
    #[arg(long)]
    all_dead: bool,
    #[command(flatten)]
    which: Which,
}

/// Does it.
pub async fn run(config: &Config, command: JobsCommand) -> anyhow::Result<ExitCode> {
    let ops = postgres::pool(&config.ops_url, 1)?;
    match command {
        JobsCommand::List(args) => list(&ops, args).await?,
        JobsCommand::Show(one) => {
            let job = jobs::find(&ops, one.id).await?;
            let job = job.with_context(|| format!("there is no job {}", one.id))?;
            show(&job, one.json)?;
        }
        JobsCommand::Retry(args) => retry(&ops, args).await?,
        JobsCommand::Cancel(one) => {
            let job = jobs::cancel(&ops, one.id).await?;
            let job = job.with_context(|| format!("no job {} waits or runs", one.id))?;
            show(&job, one.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(ops: &PgPool, args: ListArgs) -> anyhow::Result<()> {
    let mut filter = Filter {
        state: args.state.as_deref().and_then(JobState::named),
        queue: args.which.queue,
        kind: args.which.kind,
        before: None,
    };
    let mut left = args.limit;
    while left > 0 {
        let page = left.min(PAGE.into());
        let jobs = jobs::list(ops, &filter, i64::try_from(page)?).await?;
        for job in &jobs {
            if args.json {
                println!("{}", to_string(job)?);
            } else {
                println!("{}", line(job));
            }
        }
        left -= jobs.len();
        match jobs.last() {
            Some(last) if jobs.len() == page => filter.before = Some(last.id),
            _ => break,
        }
    }
    Ok(())
}

fn line(job: &JobRecord) -> String {
    let JobRecord {
        id,
        kind,
        queue,
        attempts,
        max_attempts,
        run_at,
        ..
    } = job;
    let state = job.state.name();
    let why = match &job.last_error {
        Some(error) => format!("\n    {error}"),
        None => String::new(),
    };
    format!(
        "{id}  {state:9}  {kind} ({queue})  attempt {attempts} of {max_attempts}, due {run_at}{why}"
    )
}

fn show(job: &JobRecord, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", to_string(job)?);
        return Ok(());
    }
    println!("{}", line(job));
    println!("    payload  {}", job.payload);
    if let Some(worker) = &job.worker {
        println!("    worker   {worker}");
    }
    if job.cancel_requested {
        println!("    told to end");
    }
    let parts = [("progress", &job.progress), ("result  ", &job.result)];
    for (name, value) in parts {
        if let Some(value) = value {
            println!("    {name} {value}");
        }
    }
    for failure in job.errors.as_array().into_iter().flatten() {
        println!(
            "    attempt {} at {}: {}",
            failure["attempt"], failure["at"], failure["error"]
        );
    }
    Ok(())
}

async fn retry(ops: &PgPool, args: RetryArgs) -> anyhow::Result<()> {
    if let Some(id) = args.job {
        let retried = jobs::retry(ops, id).await?;
        anyhow::ensure!(
            retried.is_some(),
            "no job {id} is dead or cancelled, or its unique key is another one's by now"
        );
        println!("1 job waits again.");
        return Ok(());
    }
    let filter = Filter {
        queue: args.which.queue,
        kind: args.which.kind,
        ..Filter::default()
    };
    let count = jobs::retry_dead(ops, &filter).await?;
    println!("{count} jobs wait again.");
    Ok(())
}
