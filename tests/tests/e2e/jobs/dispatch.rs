//! How jobs get to workers.

use super::{
    hall::{Hall, leaves, quick},
    streams::{consumers, length},
};
use anyhow::{Result, ensure};
use infra::{
    clock,
    failpoint::{self, Failpoint},
    jobs::{Handlers, JobState, NewJob, Settings, enqueue},
};
use serde_json::json;
use std::time::Duration;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

pub async fn a_job_is_done_once_with_its_result(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let id = hall.enqueue_one(&quick(7)).await?;
    let job = hall.until_state(id, JobState::Done).await?;
    ensure!(job.result == Some(json!({ "number": 7 })), "{job:?}");
    ensure!(
        job.attempts == 1 && job.finished_at >= job.started_at,
        "{job:?}"
    );
    // What was read is deleted, and who has left is forgotten.
    wait_until("its message to be read", async || {
        Ok((length(&hall).await? == 0).then_some(()))
    })
    .await?;
    worker.ended().await?;
    ensure!(hall.left_by(id).await? == 1);
    let consumers = consumers(&hall).await?;
    ensure!(consumers.is_empty(), "{consumers:?}");
    Ok(())
}

pub async fn a_job_of_a_rolled_back_transaction_never_was(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let mut transaction = hall.ops.begin().await?;
    let enqueued = enqueue(&mut transaction, &leaves(3)?).await?;
    transaction.rollback().await?;
    // Even to be told of it does no harm.
    hall.announcer.announce(&enqueued).await;
    let after = hall.enqueue_one(&quick(9)).await?;
    hall.until_state(after, JobState::Done).await?;
    worker.ended().await?;
    ensure!(hall.left().await? == [9]);
    Ok(())
}

/// Also while others keep the worker busy, so that it is never idle.
pub async fn a_job_whose_announcement_was_lost_is_done(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let settings = Settings {
        // It never looks into the ledger by itself.
        idle: Duration::from_hours(1),
        ..Settings::default()
    };
    let worker = hall.worker(hall.leaving(), settings);
    let first = hall.enqueue_one(&quick(0)).await?;
    hall.until_state(first, JobState::Done).await?;
    let lost = NewJob::of(&quick(1))?;
    let _ = hall.enqueue_silently(std::slice::from_ref(&lost)).await?;
    // Time passes.
    let aged = "UPDATE jobs SET announce_at = announce_at - interval '1 minute' WHERE id = $1";
    sqlx::query(aged).bind(lost.id()).execute(&hall.ops).await?;
    hall.until_state(lost.id(), JobState::Done).await?;
    worker.ended().await
}

pub async fn a_delayed_job_is_not_done_before_its_time(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let at = clock::now() + Duration::from_secs(2);
    let later = NewJob::of(&quick(1))?.run_at(at);
    let _ = hall.enqueue(std::slice::from_ref(&later)).await?;
    let done = hall.until_state(later.id(), JobState::Done).await?;
    ensure!(
        done.started_at.is_some_and(|started| started >= at),
        "{done:?}"
    );
    worker.ended().await
}

/// A worker that takes a job that it is told of; the job's row is as if it
/// were taken again and again.
async fn told_often(hall: &Hall) -> Result<i64> {
    let settings = Settings {
        idle: Duration::from_hours(1),
        ..Settings::default()
    };
    let worker = hall.worker(hall.leaving(), settings);
    let job = NewJob::of(&quick(0))?;
    let enqueued = hall.enqueue(std::slice::from_ref(&job)).await?;
    hall.until_state(job.id(), JobState::Done).await?;
    for _ in 0..20 {
        hall.announcer.announce(&enqueued).await;
    }
    wait_until("all messages to be read", async || {
        Ok((length(hall).await? == 0).then_some(()))
    })
    .await?;
    worker.ended().await?;
    hall.left_by(job.id()).await
}

pub async fn an_announcement_that_comes_often_has_one_effect(env: &TestEnv) -> Result<()> {
    let times = told_often(&Hall::open(env).await?).await?;
    ensure!(times == 1, "done {times} times");
    Ok(())
}

/// The trial before this one sees what it is there for.
pub async fn without_its_guard_a_job_is_done_twice(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    failpoint::put_in(Failpoint::NoPendingGuard, &hall.ops);
    let times = told_often(&hall).await?;
    ensure!(times > 1, "done {times} times");
    Ok(())
}

pub async fn a_kind_that_has_moved_takes_its_jobs_along(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let job = NewJob::of(&quick(0))?;
    let _ = hall.enqueue_silently(std::slice::from_ref(&job)).await?;
    // As an older release has written it.
    let old = "UPDATE jobs SET queue = 'elsewhere' WHERE id = $1";
    sqlx::query(old).bind(job.id()).execute(&hall.ops).await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let done = hall.until_state(job.id(), JobState::Done).await?;
    ensure!(done.queue == "leaving", "{done:?}");
    worker.ended().await
}

pub async fn two_workers_share_what_there_is(env: &TestEnv) -> Result<()> {
    const JOBS: u32 = 2_000;
    let hall = Hall::open(env).await?;
    let workers: Vec<_> = (0..2)
        .map(|_| hall.worker(hall.leaving(), Settings::default()))
        .collect();
    for batch in leaves(JOBS)?.chunks(500) {
        let _ = hall.enqueue(batch).await?;
    }
    hall.until_all(JobState::Done, i64::from(JOBS)).await?;
    for worker in workers {
        worker.ended().await?;
    }
    hall.each_left_once(JOBS as usize).await?;
    let names = "SELECT count(DISTINCT worker) FROM jobs";
    let names: i64 = sqlx::query_scalar(names).fetch_one(&hall.ops).await?;
    ensure!(names == 2, "{names} workers had a part in it");
    Ok(())
}

pub async fn kinds_of_other_releases_are_left_alone(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let newer = NewJob::of(&quick(0))?;
    let rename = "UPDATE jobs SET kind = 'test.newer', announce_at = now() WHERE id = $1";
    let _ = hall.enqueue_silently(std::slice::from_ref(&newer)).await?;
    sqlx::query(rename)
        .bind(newer.id())
        .execute(&hall.ops)
        .await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let known: Uuid = hall.enqueue_one(&quick(1)).await?;
    hall.until_state(known, JobState::Done).await?;
    worker.ended().await?;
    let job = hall.job(newer.id()).await?;
    ensure!(
        job.state == JobState::Pending && job.attempts == 0,
        "{job:?}"
    );
    // Nor was it announced, to whom it means nothing.
    let left = "SELECT announce_at <= now() FROM jobs WHERE id = $1";
    let left: bool = sqlx::query_scalar(left)
        .bind(newer.id())
        .fetch_one(&hall.ops)
        .await?;
    ensure!(left, "it was announced");
    // Nor does a worker without any kind of it take anything.
    hall.worker(Handlers::new(), Settings::default())
        .ended()
        .await
}
