//! Leases: kept by heartbeats, lost with consequences.

use super::hall::Hall;
use anyhow::{Result, ensure};
use infra::{
    failpoint::{self, Failpoint},
    jobs::{Context, Handlers, Job, JobState, Kind, Outcome, Progress, Settings, cancel},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tests::TestEnv;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

/// Long enough for heartbeats on a busy machine.
const LEASE: Duration = Duration::from_secs(6);

/// Goes on until it is let go.
#[derive(Serialize, Deserialize)]
struct Last {}

impl Job for Last {
    const KIND: Kind = Kind {
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.last")
    };
}

/// Says what PostgreSQL does not keep, until it is told to end.
#[derive(Serialize, Deserialize)]
struct Zeros {}

impl Job for Zeros {
    const KIND: Kind = Kind {
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.zeros")
    };
}

/// What a handler of [`Last`] hears and says.
struct Talk {
    handlers: Handlers,
    go: Arc<Semaphore>,
    /// How each attempt ended: `let go`, or `stopped`.
    ended: mpsc::UnboundedReceiver<&'static str>,
}

fn talk() -> Talk {
    let go = Arc::new(Semaphore::new(0));
    let (said, ended) = mpsc::unbounded_channel();
    let gate = go.clone();
    let handlers = Handlers::new().with(move |_: Last, context: Context| {
        let (gate, said) = (gate.clone(), said.clone());
        async move {
            context.progress(Progress {
                done: 3,
                total: None,
                text: "on my way".into(),
            });
            tokio::select! {
                permit = gate.acquire() => permit.expect("open").forget(),
                () = context.stopped() => {
                    said.send("stopped").expect("heard");
                    return Ok(Outcome::Done(None));
                }
            }
            said.send("let go").expect("heard");
            Ok(Outcome::Done(Some(json!("stale"))))
        }
    });
    Talk {
        handlers,
        go,
        ended,
    }
}

/// A worker whose heartbeats come every so often.
fn with_lease(lease: Duration) -> Settings {
    Settings {
        lease,
        grace: Duration::from_secs(1),
        ..Settings::default()
    }
}

/// Somebody else takes a running job.
async fn steal(hall: &Hall, id: Uuid) -> Result<()> {
    let stolen = "UPDATE jobs SET lease = gen_random_uuid(), worker = 'a thief', \
                         lease_until = now() + interval '1 hour' WHERE id = $1";
    sqlx::query(stolen).bind(id).execute(&hall.ops).await?;
    Ok(())
}

pub async fn a_long_job_keeps_its_lease_and_shows_its_progress(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let mut talk = talk();
    let settings = || with_lease(LEASE);
    let workers = [
        hall.worker(talk.handlers.clone(), settings()),
        hall.worker(talk.handlers.clone(), settings()),
    ];
    let id = hall.enqueue_one(&Last {}).await?;
    let running = hall
        .until(id, "on its way", |job| job.progress.is_some())
        .await?;
    let until = running.lease_until;
    let later = until.map(|until| until + LEASE);
    hall.until(id, "ours for longer", |job| job.lease_until > later)
        .await?;
    talk.go.add_permits(1);
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(done.attempts == 1 && done.progress.is_some(), "{done:?}");
    ensure!(talk.ended.recv().await == Some("let go"));
    for worker in workers {
        worker.ended().await?;
    }
    Ok(())
}

/// One statement keeps the leases of all jobs of a process.
pub async fn progress_that_cannot_be_stored_costs_nobody_a_lease(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let mut talk = talk();
    let handlers = talk
        .handlers
        .clone()
        .with(|_: Zeros, context: Context| async move {
            context.progress(Progress {
                done: 1,
                total: None,
                text: "a\0b".into(),
            });
            context.stopped().await;
            Ok(Outcome::Done(None))
        });
    let worker = hall.worker(handlers, with_lease(LEASE));
    let zeros = hall.enqueue_one(&Zeros {}).await?;
    let id = hall.enqueue_one(&Last {}).await?;
    let until = hall
        .until_state(id, JobState::Running)
        .await?
        .lease_until
        .map(|until| until + LEASE);
    hall.until(id, "ours for longer", |job| job.lease_until > until)
        .await?;
    let shown = hall.job(zeros).await?;
    let text = shown.progress.as_ref().map(|progress| &progress["text"]);
    ensure!(text == Some(&json!("a\u{fffd}b")), "{shown:?}");
    talk.go.add_permits(1);
    hall.until_state(id, JobState::Done).await?;
    ensure!(talk.ended.recv().await == Some("let go"));
    cancel(&hall.ops, zeros).await?;
    hall.until_state(zeros, JobState::Done).await?;
    worker.ended().await
}

/// A worker that has lost its lease, does not know it yet, and says that the
/// job is done.
async fn stale_completion(hall: &Hall) -> Result<JobState> {
    let mut talk = talk();
    let worker = hall.worker(talk.handlers.clone(), with_lease(Duration::from_mins(10)));
    let id = hall.enqueue_one(&Last {}).await?;
    hall.until_state(id, JobState::Running).await?;
    steal(hall, id).await?;
    talk.go.add_permits(1);
    ensure!(talk.ended.recv().await == Some("let go"));
    // It waits for what becomes of the completion.
    worker.ended().await?;
    let job = hall.job(id).await?;
    ensure!(
        job.result.is_none() == (job.state == JobState::Running),
        "{job:?}"
    );
    Ok(job.state)
}

pub async fn a_stale_completion_is_refused(env: &TestEnv) -> Result<()> {
    let state = stale_completion(&Hall::open(env).await?).await?;
    ensure!(state == JobState::Running, "{state:?}");
    Ok(())
}

/// The trial before this one sees what it is there for.
pub async fn without_the_token_a_stale_completion_is_taken(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    failpoint::put_in(Failpoint::NoLeaseToken, &hall.ops);
    let state = stale_completion(&hall).await?;
    ensure!(state == JobState::Done, "{state:?}");
    Ok(())
}

pub async fn a_handler_learns_that_its_lease_is_lost(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let mut talk = talk();
    let worker = hall.worker(talk.handlers.clone(), with_lease(Duration::from_secs(3)));
    let id = hall.enqueue_one(&Last {}).await?;
    hall.until_state(id, JobState::Running).await?;
    steal(&hall, id).await?;
    ensure!(talk.ended.recv().await == Some("stopped"));
    worker.ended().await?;
    let job = hall.job(id).await?;
    ensure!(job.worker.as_deref() == Some("a thief"), "{job:?}");
    ensure!(job.state == JobState::Running, "{job:?}");
    Ok(())
}
