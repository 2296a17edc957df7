//! Jobs that fail, in every way.

use super::hall::{Hall, SOON, quick};
use anyhow::{Context as _, Result, ensure};
use infra::{
    jobs::{
        Context, Ended, Filter, Handlers, Job, JobError, JobState, Kind, NewJob, Outcome, Settings,
        retry, retry_dead,
    },
    postgres::{connect_options, lazy_pool},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, future::Ready, sync::Arc, time::Duration};
use tests::{TestEnv, wait_until};
use tokio::sync::{Semaphore, mpsc};

/// Does what its text says.
#[derive(Serialize, Deserialize)]
struct Try(String);

impl Job for Try {
    const KIND: Kind = Kind {
        max_attempts: 3,
        time_limit: Duration::from_secs(2),
        retry: SOON,
        ..Kind::new("test.try")
    };
}

/// Panics before it has begun.
#[derive(Serialize)]
struct Early(String);

impl<'de> Deserialize<'de> for Early {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let what = String::deserialize(deserializer)?;
        assert!(what != "is read", "too early");
        Ok(Self(what))
    }
}

impl Job for Early {
    const KIND: Kind = Kind {
        max_attempts: 1,
        ..Kind::new("test.early")
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
    let again = retry(&hall.ops, id).await?;
    ensure!(again.is_some_and(|job| job.state == JobState::Pending));
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
    let _ = hall.enqueue_silently(std::slice::from_ref(&unread)).await?;
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

/// More than one statement takes, with a worker that is at them at once.
pub async fn retrying_all_that_is_dead_ends_where_all_die_again(env: &TestEnv) -> Result<()> {
    const JOBS: i64 = 1_200;
    let hall = Hall::open(env).await?;
    let worker = hall.worker(trying(&hall), impatient());
    for _ in 0..JOBS / 400 {
        let jobs = (0..400).map(|_| NewJob::of(&Try("fails for good".into())));
        let _ = hall.enqueue(&jobs.collect::<Result<Vec<_>, _>>()?).await?;
    }
    hall.until_all(JobState::Dead, JOBS).await?;
    let retried = retry_dead(&hall.ops, &Filter::default()).await?;
    ensure!(retried == usize::try_from(JOBS)?, "{retried}");
    hall.until_all(JobState::Dead, JOBS).await?;
    let failures: i64 = sqlx::query_scalar("SELECT sum(jsonb_array_length(errors)) FROM jobs")
        .fetch_one(&hall.ops)
        .await?;
    ensure!(failures == 2 * JOBS, "{failures}");
    worker.ended().await
}

/// Before there is anything to wait for: in the handler itself, and in what
/// reads its payload.
pub async fn a_panic_outside_of_the_work_is_a_failure_too(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let early = |_: Early, _: Context| -> Ready<Ended> { panic!("too early") };
    let worker = hall.worker(hall.leaving().with(early), impatient());
    for what in ["begins", "is read"] {
        let id = hall.enqueue_one(&Early(what.into())).await?;
        let dead = hall.until_state(id, JobState::Dead).await?;
        let told = dead.last_error.unwrap_or_default();
        ensure!(told.starts_with("it panicked: too early"), "{what}: {told}");
    }
    let other = hall.enqueue_one(&quick(0)).await?;
    hall.until_state(other, JobState::Done).await?;
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
        ensure!(told == "it took longer than 2 s", "{what}: {told}");
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

/// Somebody has the table for longer than a session waits for it, again and
/// again.
pub async fn a_table_that_is_locked_is_waited_for_with_what_is_done(env: &TestEnv) -> Result<()> {
    const TRIES: usize = 4;
    let hall = Hall::open(env).await?;
    let hasty = connect_options(&hall.config.ops_url)?.options([("lock_timeout", "200ms")]);
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let gate = go.clone();
    let handlers = Handlers::new().with(move |_: Try, _| {
        let (begun, gate) = (begun.clone(), gate.clone());
        async move {
            begun.send(()).expect("heard");
            gate.acquire().await.expect("open").forget();
            Ok(Outcome::Done(Some(json!("kept"))))
        }
    });
    let settings = Settings {
        lease: Duration::from_mins(10),
        ..Settings::default()
    };
    let worker = hall.worker_with(lazy_pool(hasty, 8), handlers, settings);
    let id = hall.enqueue_one(&Try("waits".into())).await?;
    has_begun.recv().await.context("it never began")?;
    let mut holder = hall.ops.begin().await?;
    for statement in [
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "LOCK TABLE jobs",
    ] {
        sqlx::query(statement).execute(&mut *holder).await?;
    }
    go.add_permits(1);
    let mut tries = BTreeSet::new();
    wait_until("conclusions to wait in vain", async || {
        // Each try waits since another moment.
        let waiting = "SELECT l.waitstart::text FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                        WHERE a.datname = current_database() AND a.query LIKE 'WITH ended%' \
                          AND NOT l.granted AND l.waitstart IS NOT NULL";
        let waiting: Vec<String> = sqlx::query_scalar(waiting).fetch_all(&hall.ops).await?;
        tries.extend(waiting);
        Ok((tries.len() >= TRIES).then_some(()))
    })
    .await?;
    holder.rollback().await?;
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(done.result == Some(json!("kept")), "{done:?}");
    ensure!(done.attempts == 1 && done.last_error.is_none(), "{done:?}");
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
    let _ = hall.enqueue(&all).await?;
    let worker = hall.worker(trying(&hall), impatient());
    hall.until_all(JobState::Done, 20).await?;
    let dead = hall.until_state(bad.id(), JobState::Dead).await?;
    let told = dead.last_error.unwrap_or_default();
    ensure!(told.contains("cannot be stored"), "{told}");
    worker.ended().await
}
