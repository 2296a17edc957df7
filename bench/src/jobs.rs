//! Row `jobs`: jobs that are enqueued, and jobs that are carried out, beside
//! the bare messages of a Redis stream and beside the queue that everybody
//! writes first, one row at a time by SKIP LOCKED.
//!
//! A job does nothing. Ours is a row of a ledger that is taken, kept alive and
//! concluded; the messages are as durable as Redis, and the rows of the simple
//! queue know nothing but whether they are done.

use crate::{row::Figure, workload::per_second};
use anyhow::{Result, ensure};
use infra::{
    config::Config,
    jobs::{self, Announcer, Handlers, Job, Kind, NewJob, Outcome, Settings, enqueue},
    lifecycle::Lifecycle,
    postgres,
    redis::Redis,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

/// Jobs in one transaction, and messages in one round trip.
const BATCH: usize = 1_000;
/// Jobs at once, and clients of the simple queue.
const AT_ONCE: usize = 64;
const QUEUE: &str = "bench";
const STREAM: &str = "bench:messages";

/// What XREADGROUP answers: by stream, messages with their fields.
type Read = Vec<(String, Vec<(String, Vec<String>)>)>;

#[derive(Serialize, Deserialize)]
struct Nothing {
    about: Uuid,
}

impl Job for Nothing {
    const KIND: Kind = Kind {
        queue: QUEUE,
        ..Kind::new("bench.nothing")
    };
}

/// Rounds of one backlog each.
pub async fn measure(config: &Config, quick: bool) -> Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let (rounds, count) = if quick { (1, 5_000) } else { (3, 50_000) };
    // A busy machine is no reason to leave Redis alone.
    let patient = Config {
        redis_timeout_ms: 5_000,
        ..config.clone()
    };
    let redis = Redis::new(&patient)?;
    let ops = postgres::pool(&config.ops_url, u32::try_from(AT_ONCE)?)?;
    let (mut enqueued, mut by_redis, mut by_rows) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        sqlx::query("TRUNCATE jobs").execute(&ops).await?;
        let write = write(&ops, &redis, count).await?;
        let work = work(&ops, &redis, count).await?;
        let (added, read) = messages(&redis, count).await?;
        enqueued.push((write, added));
        by_redis.push((work, read));
        by_rows.push((work, rows(&ops, count).await?));
    }
    let figure = |what, yardstick, rounds: &[_]| {
        let case = format!("{what}, {count} jobs");
        Figure::of("jobs", case, "jobs/s", yardstick, None, rounds)
    };
    Ok(vec![
        figure("enqueue by thousands", "bare XADD", &enqueued),
        figure("complete, 64 at once", "bare XREADGROUP, XACK", &by_redis),
        figure("complete, 64 at once", "one-row SKIP LOCKED", &by_rows),
    ])
}

/// Enqueues and announces.
async fn write(ops: &PgPool, redis: &Redis, count: usize) -> Result<f64> {
    let announcer = Announcer::new(redis.clone());
    let payload = Nothing { about: Uuid::nil() };
    let jobs: Vec<NewJob> = (0..count)
        .map(|_| NewJob::of(&payload))
        .collect::<Result<_, _>>()?;
    let began = Instant::now();
    for batch in jobs.chunks(BATCH) {
        let mut transaction = ops.begin().await?;
        let enqueued = enqueue(&mut transaction, batch).await?;
        transaction.commit().await?;
        announcer.announce(&enqueued).await;
    }
    Ok(per_second(u64::try_from(count)?, began.elapsed()))
}

/// Carries all of them out, to the last conclusion.
async fn work(ops: &PgPool, redis: &Redis, count: usize) -> Result<f64> {
    let ran = Arc::new(AtomicU64::new(0));
    let counter = ran.clone();
    let handlers = Handlers::new().with(move |_: Nothing, _| {
        let counter = counter.clone();
        async move {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Outcome::Done(None))
        }
    });
    let settings = Settings {
        concurrency: BTreeMap::from([(QUEUE.to_owned(), AT_ONCE)]),
        ..Settings::default()
    };
    let lifecycle = Lifecycle::new();
    let began = Instant::now();
    jobs::spawn(settings, ops.clone(), redis.clone(), handlers, &lifecycle);
    while ran.load(Ordering::Relaxed) < u64::try_from(count)? {
        sleep(Duration::from_millis(2)).await;
    }
    lifecycle.shutdown.cancel();
    // Not before everything is concluded.
    lifecycle.finished().await?;
    let rate = per_second(u64::try_from(count)?, began.elapsed());
    let done: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'done'")
        .fetch_one(ops)
        .await?;
    ensure!(done == i64::try_from(count)?, "{done} of {count} are done");
    Ok(rate)
}

/// Messages a second: written, then read and acknowledged.
async fn messages(redis: &Redis, count: usize) -> Result<(f64, f64)> {
    let key = redis.key(STREAM);
    redis.command::<()>(redis::cmd("DEL").arg(&key)).await?;
    let mut group = redis::cmd("XGROUP");
    group
        .arg("CREATE")
        .arg(&key)
        .arg("g")
        .arg("0")
        .arg("MKSTREAM");
    redis.command::<()>(&group).await?;
    let id = Uuid::nil().to_string();
    let began = Instant::now();
    for _ in 0..count / BATCH {
        let mut adding = redis::pipe();
        for _ in 0..BATCH {
            adding
                .cmd("XADD")
                .arg(&key)
                .arg("*")
                .arg("id")
                .arg(&id)
                .ignore();
        }
        redis.pipeline::<()>(&adding).await?;
    }
    let added = per_second(u64::try_from(count)?, began.elapsed());
    let mut reading = redis::cmd("XREADGROUP");
    reading
        .arg("GROUP")
        .arg("g")
        .arg("c")
        .arg("COUNT")
        .arg(AT_ONCE);
    reading.arg("STREAMS").arg(&key).arg(">");
    let (began, mut read) = (Instant::now(), 0);
    while read < count {
        let messages: Read = redis.command(&reading).await?;
        let entries = messages.iter().flat_map(|(_, entries)| entries);
        let entries: Vec<&str> = entries.map(|(entry, _)| entry.as_str()).collect();
        read += entries.len();
        let mut done = redis::pipe();
        for entry in entries {
            done.cmd("XACK").arg(&key).arg("g").arg(entry).ignore();
        }
        redis.pipeline::<()>(&done).await?;
    }
    Ok((added, per_second(u64::try_from(count)?, began.elapsed())))
}

/// The queue that everybody writes first: each client takes one row, and says
/// that it is done.
async fn rows(ops: &PgPool, count: usize) -> Result<f64> {
    for statement in [
        "DROP TABLE IF EXISTS bench_queue",
        "CREATE TABLE bench_queue (id bigint PRIMARY KEY, state text NOT NULL, payload jsonb)",
        "CREATE INDEX ON bench_queue (id) WHERE state = 'pending'",
    ] {
        sqlx::query(statement).execute(ops).await?;
    }
    sqlx::query("INSERT INTO bench_queue SELECT n, 'pending', '{}' FROM generate_series(1, $1) n")
        .bind(i64::try_from(count)?)
        .execute(ops)
        .await?;
    let began = Instant::now();
    let clients = (0..AT_ONCE).map(|_| tokio::spawn(take_one_by_one(ops.clone())));
    let taken = futures_util::future::try_join_all(clients).await?;
    let taken: u64 = taken.into_iter().sum::<Result<u64, sqlx::Error>>()?;
    ensure!(taken == u64::try_from(count)?, "{taken} were taken");
    Ok(per_second(taken, began.elapsed()))
}

async fn take_one_by_one(ops: PgPool) -> Result<u64, sqlx::Error> {
    let mut connection = ops.acquire().await?;
    let mut taken = 0;
    loop {
        let row: Option<i64> = sqlx::query_scalar(
            "UPDATE bench_queue SET state = 'running' WHERE id = \
                 (SELECT id FROM bench_queue WHERE state = 'pending' \
                   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
        )
        .fetch_optional(&mut *connection)
        .await?;
        let Some(id) = row else { return Ok(taken) };
        sqlx::query("UPDATE bench_queue SET state = 'done' WHERE id = $1")
            .bind(id)
            .execute(&mut *connection)
            .await?;
        taken += 1;
    }
}
