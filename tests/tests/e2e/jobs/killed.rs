//! Workers in processes of their own, which are killed.

use super::hall::{Hall, Leave, SOON};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config,
    jobs::{Ended, Handlers, Job, JobError, JobState, Kind, NewJob, Settings},
    lifecycle::Lifecycle,
};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Duration,
};
use tests::{TestEnv, wait_until};
use tokio::process::{Child, Command};

/// The environment variable that makes this program a worker: the file of its
/// configuration.
pub const WORKER: &str = "TEST_JOBS_WORKER";

/// Kills its worker.
#[derive(Serialize, Deserialize)]
struct Kill {}

impl Job for Kill {
    const KIND: Kind = Kind {
        max_attempts: 3,
        retry: SOON,
        ..Kind::new("test.kill")
    };
}

/// Works on test jobs until somebody kills it.
pub fn work_until_killed(file: &Path) -> ExitCode {
    let work = async {
        let hall = Hall::of(&Config::load(Some(file))?)?;
        let handlers: Handlers = hall.leaving().with(|_: Kill, _| async {
            kill_process(getpid(), Signal::KILL)
                .map_err(|error| JobError::retry(error.to_string()))?;
            std::future::pending::<Ended>().await
        });
        let settings = Settings {
            lease: Duration::from_secs(2),
            ..Settings::default()
        };
        let lifecycle = Lifecycle::new();
        infra::jobs::spawn(
            settings,
            hall.ops.clone(),
            hall.redis.clone(),
            handlers,
            &lifecycle,
        );
        anyhow::Ok(lifecycle.finished().await?)
    };
    let worked = tokio::runtime::Runtime::new().map(|runtime| runtime.block_on(work));
    match worked {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The configuration of a test, where its workers read it.
fn written(config: &Config, folder: &Path) -> Result<PathBuf> {
    let file = folder.join("worker.toml");
    fs::write(&file, toml::to_string(config)?)?;
    Ok(file)
}

fn start(file: &Path) -> Result<Child> {
    Command::new(env::current_exe()?)
        .env(WORKER, file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .context("a worker cannot be started")
}

pub async fn killed_workers_lose_and_double_nothing(env: &TestEnv) -> Result<()> {
    const JOBS: u32 = 600;
    const KILLS: u32 = 4;
    let hall = Hall::open(env).await?;
    let folder = tempfile::tempdir()?;
    let file = written(&hall.config, folder.path())?;
    let jobs = (0..JOBS).map(|number| {
        NewJob::of(&Leave {
            number,
            millis: 100,
        })
    });
    let jobs: Vec<NewJob> = jobs.collect::<Result<_, _>>()?;
    let mut workers = vec![start(&file)?, start(&file)?];
    let _ = hall.enqueue(&jobs).await?;
    for kill in 1..=KILLS {
        let some = i64::from(kill * JOBS / (KILLS + 2));
        wait_until("some jobs to be done", async || {
            Ok((hall.count(JobState::Done).await? >= some).then_some(()))
        })
        .await?;
        let mut victim = workers.remove(0);
        victim.kill().await?;
        workers.push(start(&file)?);
    }
    hall.until_all(JobState::Done, i64::from(JOBS)).await?;
    let numbers: i64 = sqlx::query_scalar("SELECT count(DISTINCT number) FROM left_behind")
        .fetch_one(&hall.ops)
        .await?;
    ensure!(numbers == i64::from(JOBS), "{numbers} were carried out");
    let taken: (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE attempts > 1), \
                count(*) FILTER (WHERE attempts > 1 AND last_error LIKE '%not heard of%') FROM jobs",
    )
    .fetch_one(&hall.ops)
    .await?;
    ensure!(taken.0 > 0, "nobody was killed with a job in hand");
    ensure!(taken.0 == taken.1, "{taken:?}");
    // Only what a killed worker had in hand may have been carried out twice.
    let doubled: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs j WHERE attempts < \
             (SELECT count(*) FROM left_behind l WHERE l.job = j.id)",
    )
    .fetch_one(&hall.ops)
    .await?;
    ensure!(
        doubled == 0,
        "{doubled} were carried out more often than they were taken"
    );
    eprintln!(
        "{} of {JOBS} jobs were in the hands of {KILLS} killed workers",
        taken.0
    );
    Ok(())
}

pub async fn a_job_that_kills_its_workers_is_dead_in_the_end(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let folder = tempfile::tempdir()?;
    let file = written(&hall.config, folder.path())?;
    let id = hall.enqueue_one(&Kill {}).await?;
    // Each takes one worker with it; the last one finds it dead.
    for _ in 0..Kill::KIND.max_attempts {
        let mut worker = start(&file)?;
        wait_until("the job to kill its worker", async || {
            Ok(worker.try_wait()?.map(|_| ()))
        })
        .await?;
    }
    let _last = start(&file)?;
    let dead = hall.until_state(id, JobState::Dead).await?;
    ensure!(dead.attempts == 3, "{dead:?}");
    let told = dead.last_error.unwrap_or_default();
    ensure!(told.contains("not heard of"), "{told}");
    Ok(())
}
