//! Servers that forget and go away.

use super::hall::{Hall, Leave};
use anyhow::{Result, ensure};
use infra::{
    jobs::{Context, Handlers, Job, JobState, Kind, NewJob, Outcome, Settings},
    local_servers::Server,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tests::{PrivateServers, TestEnv, wait_until};
use tokio::sync::mpsc;

const JOBS: u32 = 200;

/// Goes on until it is told to end, the first time.
#[derive(Serialize, Deserialize)]
struct Linger {}

impl Job for Linger {
    const KIND: Kind = Kind {
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.linger")
    };
}

fn slow_leaves(from: u32, count: u32) -> Result<Vec<NewJob>> {
    let jobs = (from..from + count).map(|number| {
        NewJob::of(&Leave {
            number,
            millis: 100,
        })
    });
    Ok(jobs.collect::<Result<_, _>>()?)
}

async fn until_some(hall: &Hall, wanted: u32) -> Result<()> {
    wait_until(&format!("{wanted} jobs to be done"), async || {
        let done = hall.count(JobState::Done).await?;
        Ok((done >= i64::from(wanted)).then_some(()))
    })
    .await
}

pub async fn redis_may_forget_everything_and_be_away(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let hall = Hall::open(env).await?;
    let workers: Vec<_> = (0..2)
        .map(|_| hall.worker(hall.leaving(), Settings::default()))
        .collect();
    // Everything in the streams is lost, groups and all.
    let _ = hall.enqueue(&slow_leaves(0, JOBS)?).await?;
    until_some(&hall, JOBS / 4).await?;
    hall.redis.command::<()>(&redis::cmd("FLUSHALL")).await?;
    until_some(&hall, JOBS).await?;
    // Nobody can be told.
    let _ = hall.enqueue(&slow_leaves(JOBS, JOBS)?).await?;
    until_some(&hall, JOBS + JOBS / 4).await?;
    servers.kill(Server::Redis).await?;
    let _ = hall.enqueue(&slow_leaves(2 * JOBS, JOBS)?).await?;
    until_some(&hall, 3 * JOBS).await?;
    // They are told again.
    servers.restart(Server::Redis).await?;
    wait_until("Redis to be used again", async || {
        // A paused server is tried by the next command.
        let command = redis::cmd("PING");
        Ok(hall.redis.command::<()>(&command).await.ok())
    })
    .await?;
    let _ = hall.enqueue(&slow_leaves(3 * JOBS, JOBS)?).await?;
    until_some(&hall, 4 * JOBS).await?;
    for worker in workers {
        worker.ended().await?;
    }
    hall.each_left_once(4 * JOBS as usize).await?;
    let tried: i64 = sqlx::query_scalar("SELECT max(attempts)::int8 FROM jobs")
        .fetch_one(&hall.ops)
        .await?;
    ensure!(tried == 1, "a job was tried {tried} times");
    Ok(())
}

/// Jobs that run meanwhile are done once: their worker waits with what they
/// came to until there is somebody to tell.
pub async fn postgres_restarts_under_running_jobs(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let hall = Hall::open(env).await?;
    let settings = Settings {
        lease: Duration::from_secs(10),
        ..Settings::default()
    };
    let worker = hall.worker(hall.leaving(), settings);
    let _ = hall.enqueue(&slow_leaves(0, JOBS)?).await?;
    until_some(&hall, JOBS / 4).await?;
    // The ops database has its server with the read models.
    servers.kill(Server::Views).await?;
    servers.restart(Server::Views).await?;
    wait_until("all jobs to be done", async || {
        // The first questions may meet connections that are gone.
        let done = hall.count(JobState::Done).await.unwrap_or_default();
        Ok((done == i64::from(JOBS)).then_some(()))
    })
    .await?;
    worker.ended().await?;
    let numbers: i64 = sqlx::query_scalar("SELECT count(DISTINCT number) FROM left_behind")
        .fetch_one(&hall.ops)
        .await?;
    ensure!(numbers == i64::from(JOBS), "{numbers}");
    Ok(())
}

/// By the clock of its own process. What it says late is handed in, and counts
/// if nobody else has the job by then.
pub async fn a_handler_is_told_when_postgres_is_away_for_longer_than_a_lease(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let hall = Hall::open(env).await?;
    let (said, mut heard) = mpsc::unbounded_channel();
    let handlers = Handlers::new().with(move |_: Linger, context: Context| {
        let said = said.clone();
        async move {
            if context.attempt == 1 {
                said.send("begun").expect("heard");
                context.stopped().await;
                said.send("stopped").expect("heard");
            }
            Ok(Outcome::Done(None))
        }
    });
    let settings = Settings {
        lease: Duration::from_secs(2),
        ..Settings::default()
    };
    let worker = hall.worker(handlers, settings);
    let id = hall.enqueue_one(&Linger {}).await?;
    ensure!(heard.recv().await == Some("begun"));
    servers.kill(Server::Views).await?;
    ensure!(heard.recv().await == Some("stopped"));
    servers.restart(Server::Views).await?;
    let done = wait_until("the job to be done", async || {
        let job = hall.job(id).await.ok();
        Ok(job.filter(|job| job.state == JobState::Done))
    })
    .await?;
    ensure!(done.attempts <= 2, "{done:?}");
    worker.ended().await
}
