//! What lies in the streams, and in whose hands.

use super::hall::{Hall, Leave, leaves, quick};
use anyhow::{Result, bail, ensure};
use infra::jobs::{Handlers, JobState, NewJob, Outcome, Settings};
use redis::Value;
use std::{collections::BTreeMap, time::Duration};
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// That of jobs of [`super::hall::Leave`].
const STREAM: &str = "jobs:leaving:1";

/// How many messages there are.
pub async fn length(hall: &Hall) -> Result<i64> {
    let mut length = redis::cmd("XLEN");
    length.arg(hall.redis.key(STREAM));
    Ok(hall.redis.command(&length).await?)
}

/// Those who read.
pub async fn consumers(hall: &Hall) -> Result<Vec<String>> {
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
    // Its one look into the ledger is over with the second.
    for number in 0..2 {
        let job = hall.enqueue_one(&quick(number)).await?;
        hall.until_state(job, JobState::Done).await?;
    }
    let names = wait_until("a worker to read", async || {
        let names = consumers(&hall).await?;
        Ok((!names.is_empty()).then_some(names))
    })
    .await?;
    let [consumer] = &*names else {
        bail!("one worker reads: {names:?}");
    };
    let job = NewJob::of(&quick(2))?;
    let _ = hall.enqueue_silently(std::slice::from_ref(&job)).await?;
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
    let _ = hall.enqueue(&leaves(JOBS)?).await?;
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

pub async fn more_jobs_than_a_stream_holds_are_all_done(env: &TestEnv) -> Result<()> {
    const BATCHES: u32 = 12;
    const WINDOW: i64 = 10_000;
    let hall = Hall::open(env).await?;
    for _ in 0..BATCHES {
        let _ = hall.enqueue(&leaves(1_000)?).await?;
    }
    ensure!(length(&hall).await? == WINDOW);
    let handlers = Handlers::new().with(|_: Leave, _| async { Ok(Outcome::Done(None)) });
    let settings = Settings {
        concurrency: BTreeMap::from([("leaving".to_owned(), 64)]),
        ..Settings::default()
    };
    let worker = hall.worker(handlers, settings);
    let all = i64::from(BATCHES) * 1_000;
    hall.until_all(JobState::Done, all).await?;
    worker.ended().await?;
    let once = "SELECT count(*) FROM jobs WHERE attempts = 1";
    let once: i64 = sqlx::query_scalar(once).fetch_one(&hall.ops).await?;
    ensure!(once == all, "{once} of {all} were taken once");
    Ok(())
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

/// A job that nothing but a message leads to, which somebody has read who died.
pub async fn a_message_of_a_dead_consumer_is_announced_anew(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let job = NewJob::of(&quick(0))?.after(Duration::from_hours(1));
    let _ = hall.enqueue_silently(std::slice::from_ref(&job)).await?;
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
