//! Workers that are told to end.

use super::hall::{Hall, Leave};
use anyhow::{Result, ensure};
use infra::jobs::{Context, Handlers, Job, JobState, Kind, Outcome, Settings};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tests::TestEnv;

/// Longer than any trial: what is given back is not waited for.
const LEASE: Duration = Duration::from_mins(10);

/// Goes on for ever in its first attempt, listening or not.
#[derive(Serialize, Deserialize)]
enum Long {
    Deaf,
    Listening,
}

impl Job for Long {
    const KIND: Kind = Kind {
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.long")
    };
}

/// `first`: whether this worker is the one that never comes to an end.
fn long(first: bool) -> Handlers {
    Handlers::new().with(move |long: Long, context: Context| async move {
        match long {
            _ if !first => Ok(Outcome::Done(None)),
            Long::Deaf => std::future::pending().await,
            Long::Listening => {
                context.draining().cancelled().await;
                Ok(Outcome::Snooze(Duration::ZERO))
            }
        }
    })
}

fn settings(drain: Duration) -> Settings {
    Settings {
        lease: LEASE,
        drain,
        grace: Duration::from_millis(100),
        ..Settings::default()
    }
}

pub async fn short_jobs_are_waited_for(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(hall.leaving(), settings(Duration::from_mins(1)));
    let payload = Leave {
        number: 0,
        millis: 3_000,
    };
    let id = hall.enqueue_one(&payload).await?;
    hall.until(id, "begun", |job| job.state != JobState::Pending)
        .await?;
    worker.tell_to_end();
    worker.ended().await?;
    let done = hall.job(id).await?;
    ensure!(
        done.state == JobState::Done && done.attempts == 1,
        "{done:?}"
    );
    Ok(())
}

pub async fn long_jobs_are_given_to_others_at_once(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let first = hall.worker(long(true), settings(Duration::from_millis(200)));
    let id = hall.enqueue_one(&Long::Deaf).await?;
    hall.until_state(id, JobState::Running).await?;
    let second = hall.worker(long(false), settings(Duration::ZERO));
    let told = Instant::now();
    first.ended().await?;
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(told.elapsed() < LEASE / 2, "{:?}", told.elapsed());
    // What ended through no fault of its own is no attempt.
    ensure!(done.attempts == 1 && done.last_error.is_none(), "{done:?}");
    second.ended().await
}

pub async fn a_job_that_listens_goes_on_elsewhere(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let first = hall.worker(long(true), settings(LEASE));
    let id = hall.enqueue_one(&Long::Listening).await?;
    hall.until_state(id, JobState::Running).await?;
    first.ended().await?;
    let given_back = hall.job(id).await?;
    ensure!(given_back.state == JobState::Pending, "{given_back:?}");
    let second = hall.worker(long(false), settings(Duration::ZERO));
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(done.attempts == 1, "{done:?}");
    second.ended().await
}
