//! `orderlog schedules`: jobs at certain times.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use infra::{
    config::Config,
    jobs::{self, JobState, ScheduleRecord},
    postgres,
};
use sqlx::PgPool;
use std::process::ExitCode;

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum SchedulesCommand {
    /// List schedules, when each is due, and what came of its last run
    List(Shown),
    /// Have one enqueue nothing until it is resumed
    Pause(OneSchedule),
    /// Have one enqueue again; once at once, where a due time was missed
    Resume(OneSchedule),
    /// Enqueue a run now, paused or not
    Run(OneSchedule),
}

/// How to show it.
#[derive(Debug, Args)]
pub struct Shown {
    /// Print JSON, one document a line
    #[arg(long)]
    json: bool,
}

/// Which one.
#[derive(Debug, Args)]
pub struct OneSchedule {
    /// Its name
    name: String,
    #[command(flatten)]
    shown: Shown,
}

/// Does it.
pub async fn run(config: &Config, command: SchedulesCommand) -> anyhow::Result<ExitCode> {
    let ops = postgres::pool(&config.ops_url, 1)?;
    match command {
        SchedulesCommand::List(shown) => {
            for schedule in jobs::list_schedules(&ops).await? {
                show(&schedule, &shown)?;
            }
        }
        SchedulesCommand::Pause(one) => {
            jobs::set_schedule_paused(&ops, &one.name, true).await?;
            show(&found(&ops, &one.name).await?, &one.shown)?;
        }
        SchedulesCommand::Resume(one) => {
            jobs::set_schedule_paused(&ops, &one.name, false).await?;
            show(&found(&ops, &one.name).await?, &one.shown)?;
        }
        SchedulesCommand::Run(one) => {
            found(&ops, &one.name).await?;
            let job = jobs::run_schedule(&ops, &one.name).await?;
            let job = job.context("a run that was asked for is still under way")?;
            if one.shown.json {
                println!("{}", serde_json::json!({ "job": job }));
            } else {
                println!("job {job} is enqueued: orderlog jobs show {job}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn found(ops: &PgPool, name: &str) -> anyhow::Result<ScheduleRecord> {
    let found = jobs::find_schedule(ops, name).await?;
    found.with_context(|| format!("there is no schedule {name}: workers make them"))
}

fn show(schedule: &ScheduleRecord, shown: &Shown) -> anyhow::Result<()> {
    if shown.json {
        println!("{}", serde_json::to_string(schedule)?);
        return Ok(());
    }
    let ScheduleRecord {
        name, next_run_at, ..
    } = schedule;
    let when = match (&schedule.cron, schedule.every_seconds) {
        (Some(cron), _) => format!("{cron} ({})", schedule.time_zone),
        (None, seconds) => format!("every {} s", seconds.unwrap_or_default()),
    };
    let due = match &schedule.off {
        Some(why) => format!("off: {why}"),
        None if schedule.paused => "paused".to_owned(),
        None => format!("due {next_run_at}"),
    };
    println!("{name}  {when}  {due}");
    if let Some(job) = schedule.last_job {
        let state = schedule
            .last_state
            .map_or("not kept any more", JobState::name);
        let error = schedule.last_error.as_deref().unwrap_or_default();
        println!("    last run: job {job}, {state} {error}");
    }
    Ok(())
}
