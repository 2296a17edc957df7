//! How jobs get to workers.

use super::hall::{Hall, leaves, quick};
use anyhow::{Result, bail, ensure};
use infra::{
    clock,
    failpoint::{self, Failpoint},
    jobs::{Handlers, JobState, NewJob, Settings, enqueue},
};
use redis::Value;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};
use tests::{TestEnv, wait_until};
use uuid::Uuid;

const STREAM: &str = "jobs:leaving:1";

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
    worker.ended().await?;
    ensure!(hall.left_by(id).await? == 1);
    // What was read is deleted, and who has left is forgotten.
    ensure!(length(&hall).await? == 0);
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
    hall.enqueue_silently(std::slice::from_ref(&lost)).await?;
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
    hall.enqueue(std::slice::from_ref(&later)).await?;
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

async fn length(hall: &Hall) -> Result<i64> {
    let mut length = redis::cmd("XLEN");
    length.arg(hall.redis.key(STREAM));
    Ok(hall.redis.command(&length).await?)
}

/// A message that a consumer reads and does nothing about, in one step: nobody
/// else comes between.
async fn read_in_vain(hall: &Hall, consumer: &str, job: Uuid) -> Result<()> {
    let key = hall.redis.key(STREAM);
    let mut both = redis::pipe();
    both.atomic();
    both.cmd("XADD").arg(&key).arg("*").arg("id");
    both.arg(job.to_string()).ignore();
    let read = both.cmd("XREADGROUP").arg("GROUP").arg("workers");
    read.arg(consumer)
        .arg("STREAMS")
        .arg(&key)
        .arg(">")
        .ignore();
    Ok(hall.redis.pipeline::<()>(&both).await?)
}

async fn consumers(hall: &Hall) -> Result<Vec<String>> {
    let mut info = redis::cmd("XINFO");
    info.arg("CONSUMERS")
        .arg(hall.redis.key(STREAM))
        .arg("workers");
    let consumers: Vec<BTreeMap<String, Value>> = hall.redis.command(&info).await?;
    let names = consumers.iter().filter_map(|consumer| consumer.get("name"));
    Ok(names
        .map(redis::from_redis_value_ref)
        .collect::<Result<_, _>>()?)
}

/// A worker that does nothing for itself.
fn listening() -> Settings {
    Settings {
        idle: Duration::from_hours(1),
        sweep: Duration::from_hours(1),
        ..Settings::default()
    }
}

pub async fn what_a_drained_worker_has_read_is_announced_anew(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(hall.leaving(), listening());
    let first = hall.enqueue_one(&quick(0)).await?;
    hall.until_state(first, JobState::Done).await?;
    let names = consumers(&hall).await?;
    let [consumer] = &*names else {
        bail!("one worker reads: {names:?}");
    };
    let job = NewJob::of(&quick(1))?;
    hall.enqueue_silently(std::slice::from_ref(&job)).await?;
    read_in_vain(&hall, consumer, job.id()).await?;
    worker.ended().await?;
    let is_due = "SELECT announce_at <= statement_timestamp() FROM jobs WHERE id = $1";
    let is_due: bool = sqlx::query_scalar(is_due)
        .bind(job.id())
        .fetch_one(&hall.ops)
        .await?;
    ensure!(is_due, "{:?}", hall.job(job.id()).await?);
    ensure!(length(&hall).await? == 0 && consumers(&hall).await?.is_empty());
    Ok(())
}

pub async fn a_drain_under_load_leaves_nothing_in_the_streams(env: &TestEnv) -> Result<()> {
    const JOBS: u32 = 1_000;
    let hall = Hall::open(env).await?;
    let settings = || Settings {
        concurrency: BTreeMap::from([("leaving".to_owned(), 4)]),
        ..Settings::default()
    };
    hall.enqueue(&leaves(JOBS)?).await?;
    for round in 1..=4 {
        let worker = hall.worker(hall.leaving(), settings());
        wait_until("some jobs to be done", async || {
            let done = hall.count(JobState::Done).await?;
            Ok((done >= round * i64::from(JOBS) / 5).then_some(()))
        })
        .await?;
        worker.ended().await?;
    }
    let last = hall.worker(hall.leaving(), settings());
    hall.until_all(JobState::Done, i64::from(JOBS)).await?;
    wait_until("all messages to be read", async || {
        Ok((length(&hall).await? == 0).then_some(()))
    })
    .await?;
    last.ended().await?;
    hall.each_left_once(JOBS as usize).await
}

/// It would take up room for ever.
pub async fn what_nobody_can_read_any_more_is_thrown_away(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let settings = Settings {
        tidy: Duration::from_millis(100),
        ..Settings::default()
    };
    let worker = hall.worker(hall.leaving(), settings);
    let first = hall.enqueue_one(&quick(0)).await?;
    hall.until_state(first, JobState::Done).await?;
    for _ in 0..10 {
        read_in_vain(&hall, "gone", Uuid::nil()).await?;
    }
    let mut forget = redis::cmd("XGROUP");
    forget.arg("DELCONSUMER").arg(hall.redis.key(STREAM));
    forget.arg("workers").arg("gone");
    ensure!(hall.redis.command::<i64>(&forget).await? == 10);
    // Something that is read later.
    let other = hall.enqueue_one(&quick(1)).await?;
    hall.until_state(other, JobState::Done).await?;
    wait_until("the stream to be trimmed", async || {
        Ok((length(&hall).await? == 0).then_some(()))
    })
    .await?;
    worker.ended().await
}

pub async fn a_kind_that_has_moved_takes_its_jobs_along(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let job = NewJob::of(&quick(0))?;
    hall.enqueue_silently(std::slice::from_ref(&job)).await?;
    // As an older release has written it.
    let old = "UPDATE jobs SET queue = 'elsewhere' WHERE id = $1";
    sqlx::query(old).bind(job.id()).execute(&hall.ops).await?;
    let worker = hall.worker(hall.leaving(), Settings::default());
    let done = hall.until_state(job.id(), JobState::Done).await?;
    ensure!(done.queue == "leaving", "{done:?}");
    worker.ended().await
}

/// A job that nothing but a message leads to, which somebody has read who died.
pub async fn a_message_of_a_dead_consumer_is_announced_anew(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let job = NewJob::of(&quick(0))?.after(Duration::from_hours(1));
    hall.enqueue_silently(std::slice::from_ref(&job)).await?;
    let key = hall.redis.key(STREAM);
    let mut add = redis::cmd("XADD");
    add.arg(&key).arg("*").arg("id").arg(job.id().to_string());
    let entry: String = hall.redis.command(&add).await?;
    let mut group = redis::cmd("XGROUP");
    group.arg("CREATE").arg(&key).arg("workers").arg("0");
    hall.redis.command::<()>(&group).await?;
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("workers").arg("dead").arg("STREAMS");
    read.arg(&key).arg(">");
    let _read: Value = hall.redis.command(&read).await?;
    let settings = Settings {
        idle: Duration::from_hours(1),
        tidy: Duration::from_millis(200),
        ..Settings::default()
    };
    let worker = hall.worker(hall.leaving(), settings);
    let other = hall.enqueue_one(&quick(1)).await?;
    hall.until_state(other, JobState::Done).await?;
    let due = "UPDATE jobs SET run_at = now(), announce_at = now() + interval '1 hour' \
                WHERE id = $1";
    sqlx::query(due).bind(job.id()).execute(&hall.ops).await?;
    // It has lain there for a minute.
    let mut aged = redis::cmd("XCLAIM");
    aged.arg(&key)
        .arg("workers")
        .arg("dead")
        .arg("0")
        .arg(&entry);
    aged.arg("IDLE").arg(60_000).arg("JUSTID");
    hall.redis.command::<Value>(&aged).await?;
    hall.until_state(job.id(), JobState::Done).await?;
    worker.ended().await
}

pub async fn two_workers_share_what_there_is(env: &TestEnv) -> Result<()> {
    const JOBS: u32 = 2_000;
    let hall = Hall::open(env).await?;
    let workers: Vec<_> = (0..2)
        .map(|_| hall.worker(hall.leaving(), Settings::default()))
        .collect();
    for batch in leaves(JOBS)?.chunks(500) {
        hall.enqueue(batch).await?;
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
    hall.enqueue_silently(std::slice::from_ref(&newer)).await?;
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
