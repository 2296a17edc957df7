//! Workers in this process, and the ledger that they work on.

use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config,
    jobs::{
        self, Announcer, Context, Ended, Enqueued, Handlers, Job, JobRecord, JobState, Kind,
        NewJob, Outcome, Settings, enqueue, find,
    },
    lifecycle::Lifecycle,
    postgres::pool,
    redis::Redis,
    retry::RetryPolicy,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// A job that leaves a row behind each time it is carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Leave {
    /// To tell them apart.
    pub number: u32,
    /// How long it takes.
    pub millis: u64,
}

impl Job for Leave {
    const KIND: Kind = Kind {
        queue: "leaving",
        retry: SOON,
        ..Kind::new("test.leave")
    };
}

/// One that takes no time.
pub const fn quick(number: u32) -> Leave {
    Leave { number, millis: 0 }
}

/// Pauses that a test can wait for.
pub const SOON: RetryPolicy = RetryPolicy {
    first_pause: Duration::from_millis(50),
    longest_pause: Duration::from_millis(200),
    give_up_after: Duration::MAX,
};

/// The databases of a test.
pub struct Hall {
    pub config: Config,
    pub ops: PgPool,
    pub redis: Redis,
    pub announcer: Announcer,
}

/// Working in this process, until it is dropped.
pub struct Worker(Lifecycle);

impl Drop for Worker {
    fn drop(&mut self) {
        self.tell_to_end();
    }
}

impl Hall {
    /// An empty ledger.
    pub async fn open(env: &TestEnv) -> Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let hall = Self::of(&env.config)?;
        sqlx::query("CREATE TABLE left_behind (job uuid, number int, attempt int)")
            .execute(&hall.ops)
            .await?;
        Ok(hall)
    }

    /// One that is there already.
    pub fn of(config: &Config) -> Result<Self> {
        // A busy machine is no reason to leave Redis alone.
        let config = Config {
            redis_timeout_ms: 5_000,
            ..config.clone()
        };
        let redis = Redis::new(&config)?;
        Ok(Self {
            ops: pool(&config.ops_url, 12)?,
            announcer: Announcer::new(redis.clone()),
            redis,
            config,
        })
    }

    /// Works on these kinds.
    pub fn worker(&self, handlers: Handlers, settings: Settings) -> Worker {
        self.worker_with(self.ops.clone(), handlers, settings)
    }

    /// The same, by these connections.
    pub fn worker_with(&self, ops: PgPool, handlers: Handlers, settings: Settings) -> Worker {
        let lifecycle = Lifecycle::new();
        jobs::spawn(settings, ops, self.redis.clone(), handlers, &lifecycle);
        Worker(lifecycle)
    }

    /// What [`Leave`] does.
    pub fn leaving(&self) -> Handlers {
        let ops = self.ops.clone();
        Handlers::new()
            .with(move |payload: Leave, context: Context| leave(ops.clone(), payload, context))
    }

    /// Enqueues in a transaction, and announces.
    pub async fn enqueue(&self, jobs: &[NewJob]) -> Result<Enqueued> {
        let enqueued = self.enqueue_silently(jobs).await?;
        self.announcer.announce(&enqueued).await;
        Ok(enqueued)
    }

    /// As somebody who dies right after the commit.
    pub async fn enqueue_silently(&self, jobs: &[NewJob]) -> Result<Enqueued> {
        let mut transaction = self.ops.begin().await?;
        let enqueued = enqueue(&mut transaction, jobs).await?;
        transaction.commit().await?;
        Ok(enqueued)
    }

    /// One job; its id.
    pub async fn enqueue_one(&self, payload: &impl Job) -> Result<Uuid> {
        let job = NewJob::of(payload)?;
        let _ = self.enqueue(std::slice::from_ref(&job)).await?;
        Ok(job.id())
    }

    /// A job as people see it.
    pub async fn job(&self, id: Uuid) -> Result<JobRecord> {
        find(&self.ops, id).await?.context("there is no such job")
    }

    /// Waits until a job is such one.
    pub async fn until(
        &self,
        id: Uuid,
        what: &str,
        such: impl Fn(&JobRecord) -> bool,
    ) -> Result<JobRecord> {
        wait_until(&format!("a job that is {what}"), async || {
            let job = self.job(id).await?;
            Ok(such(&job).then_some(job))
        })
        .await
    }

    /// Waits until a job is in this state.
    pub async fn until_state(&self, id: Uuid, state: JobState) -> Result<JobRecord> {
        self.until(id, state.name(), |job| job.state == state).await
    }

    /// Waits until this many jobs are in this state.
    pub async fn until_all(&self, state: JobState, wanted: i64) -> Result<()> {
        wait_until(&format!("{wanted} that are {}", state.name()), async || {
            Ok((self.count(state).await? == wanted).then_some(()))
        })
        .await
    }

    /// Jobs in this state.
    pub async fn count(&self, state: JobState) -> Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = $1");
        Ok(count.bind(state.name()).fetch_one(&self.ops).await?)
    }

    /// How often a job has left a row behind.
    pub async fn left_by(&self, job: Uuid) -> Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM left_behind WHERE job = $1");
        Ok(count.bind(job).fetch_one(&self.ops).await?)
    }

    /// The numbers in the order in which they were left.
    pub async fn left(&self) -> Result<Vec<i32>> {
        let numbers = sqlx::query_scalar("SELECT number FROM left_behind ORDER BY ctid");
        Ok(numbers.fetch_all(&self.ops).await?)
    }

    /// Each of so many was carried out, and none more than once.
    pub async fn each_left_once(&self, wanted: usize) -> Result<()> {
        let mut left = self.left().await?;
        left.sort_unstable();
        let numbers: Vec<i32> = (0..i32::try_from(wanted)?).collect();
        ensure!(left == numbers, "{} rows of {wanted}: {left:?}", left.len());
        Ok(())
    }
}

impl Worker {
    /// Tells it to end.
    pub fn tell_to_end(&self) {
        self.0.shutdown.cancel();
    }

    /// Waits until it has ended.
    pub async fn ended(self) -> Result<()> {
        self.tell_to_end();
        Ok(self.0.finished().await?)
    }
}

/// So many of them.
pub fn leaves(count: u32) -> Result<Vec<NewJob>> {
    let jobs = (0..count).map(|number| NewJob::of(&quick(number)));
    Ok(jobs.collect::<Result<_, _>>()?)
}

async fn leave(ops: PgPool, payload: Leave, context: Context) -> Ended {
    tokio::time::sleep(Duration::from_millis(payload.millis)).await;
    sqlx::query("INSERT INTO left_behind VALUES ($1, $2, $3)")
        .bind(context.id)
        .bind(i32::try_from(payload.number).unwrap_or_default())
        .bind(i32::try_from(context.attempt).unwrap_or_default())
        .execute(&ops)
        .await?;
    Ok(Outcome::Done(Some(json!({ "number": payload.number }))))
}
