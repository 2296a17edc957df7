//! Jobs that fail, in every way.

use super::hall::{Hall, SOON, quick};
use anyhow::{Result, ensure};
use infra::jobs::{
    Context, Handlers, Job, JobError, JobState, Kind, NewJob, Outcome, Retried, Settings, retry,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tests::TestEnv;

/// Does what its text says.
#[derive(Serialize, Deserialize)]
struct Try(String);

impl Job for Try {
    const KIND: Kind = Kind {
        max_attempts: 3,
        time_limit: Duration::from_millis(300),
        retry: SOON,
        ..Kind::new("test.try")
    };
}

/// The handler of [`Try`].
fn trying(hall: &Hall) -> Handlers {
    hall.leaving()
        .with(|Try(what): Try, context: Context| async move {
            match (&*what, context.attempt) {
                ("fails twice", 1 | 2) | ("fails", _) => Err(JobError::retry("no luck\0")),
                ("fails for good", _) => Err(JobError::permanent("no use")),
                ("panics", _) => panic!("out of my depth"),
                ("hangs", 1) => std::future::pending().await,
                ("ends", 1) => {
                    context.stopped().await;
                    Err(JobError::retry("told to end"))
                }
                ("snoozes", _) if context.progress_before.is_none() => {
                    context.progress(infra::jobs::Progress {
                        done: 1,
                        total: Some(2),
                        text: "half".into(),
                    });
                    Ok(Outcome::Snooze(Duration::from_millis(100)))
                }
                ("writes zeros", _) => Ok(Outcome::Done(Some(json!("a\u{0}b")))),
                _ => Ok(Outcome::Done(None)),
            }
        })
}

/// A worker that drops what does not end soon.
fn impatient() -> Settings {
    Settings {
        grace: Duration::from_millis(200),
        ..Settings::default()
    }
}

pub async fn a_failed_job_is_tried_again_and_its_failures_are_kept(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    let id = hall.enqueue_one(&Try("fails twice".into())).await?;
    let job = hall.until_state(id, JobState::Done).await?;
    ensure!(job.attempts == 3, "{job:?}");
    let attempts: Vec<&Value> = job.errors.as_array().into_iter().flatten().collect();
    ensure!(
        attempts.len() == 2 && attempts[1]["attempt"] == 2,
        "{job:?}"
    );
    ensure!(attempts[0]["error"] == "no luck\u{fffd}", "{job:?}");
    worker.ended().await
}

pub async fn a_job_that_keeps_failing_is_dead_and_can_be_retried(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    let id = hall.enqueue_one(&Try("fails".into())).await?;
    let dead = hall.until_state(id, JobState::Dead).await?;
    ensure!(dead.attempts == 3 && dead.finished_at.is_some(), "{dead:?}");
    let mut connection = hall.ops.acquire().await?;
    let again = retry(&mut connection, Retried::One(id)).await?;
    ensure!(again.len() == 1 && again[0].state == JobState::Pending);
    drop(connection);
    let dead = hall.until_state(id, JobState::Dead).await?;
    let failures = dead.errors.as_array().map_or(0, Vec::len);
    ensure!(dead.attempts == 3 && failures == 6, "{dead:?}");
    worker.ended().await
}

pub async fn a_permanent_failure_is_the_end_at_once(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    let id = hall.enqueue_one(&Try("fails for good".into())).await?;
    let dead = hall.until_state(id, JobState::Dead).await?;
    ensure!(dead.attempts == 1, "{dead:?}");
    ensure!(dead.last_error.as_deref() == Some("no use"), "{dead:?}");
    let unread = NewJob::of(&Try("x".into()))?.after(Duration::from_hours(1));
    hall.enqueue_silently(std::slice::from_ref(&unread)).await?;
    // As another release has written it.
    let change =
        "UPDATE jobs SET payload = '{}', run_at = now(), announce_at = now() WHERE id = $1";
    sqlx::query(change)
        .bind(unread.id())
        .execute(&hall.ops)
        .await?;
    let dead = hall.until_state(unread.id(), JobState::Dead).await?;
    let told = dead.last_error.unwrap_or_default();
    ensure!(told.contains("payload cannot be read"), "{told}");
    worker.ended().await
}

pub async fn a_panic_is_a_failure_and_harms_nobody_else(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    let id = hall.enqueue_one(&Try("panics".into())).await?;
    let dead = hall.until_state(id, JobState::Dead).await?;
    let told = dead.last_error.unwrap_or_default();
    ensure!(told == "it panicked: out of my depth", "{told}");
    let other = hall.enqueue_one(&quick(0)).await?;
    hall.until_state(other, JobState::Done).await?;
    worker.ended().await
}

pub async fn a_job_that_hangs_is_ended_at_its_limit(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    for what in ["hangs", "ends"] {
        let id = hall.enqueue_one(&Try(what.into())).await?;
        let done = hall.until_state(id, JobState::Done).await?;
        let told = done.last_error.unwrap_or_default();
        ensure!(told == "it took longer than 0.3 s", "{what}: {told}");
        ensure!(done.attempts == 2);
    }
    worker.ended().await
}

pub async fn a_snooze_is_no_attempt(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    let id = hall.enqueue_one(&Try("snoozes".into())).await?;
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(done.attempts == 1 && done.last_error.is_none(), "{done:?}");
    let progress = json!({ "done": 1, "total": 2, "text": "half" });
    ensure!(done.progress == Some(progress), "{done:?}");
    worker.ended().await
}

/// Conclusions are written many at a time; one that PostgreSQL refuses must
/// not take the others with it.
pub async fn a_result_that_cannot_be_stored_harms_nobody_else(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let bad = NewJob::of(&Try("writes zeros".into()))?;
    let mut all = vec![bad.clone()];
    for _ in 0..20 {
        all.push(NewJob::of(&Try("works".into()))?);
    }
    hall.enqueue(&all).await?;
    let worker = hall.worker(trying(&hall), impatient());
    hall.until_all(JobState::Done, 20).await?;
    let dead = hall.until_state(bad.id(), JobState::Dead).await?;
    let told = dead.last_error.unwrap_or_default();
    ensure!(told.contains("cannot be stored"), "{told}");
    worker.ended().await
}
