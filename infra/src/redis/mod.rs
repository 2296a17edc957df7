//! Redis, which is never truth (`docs/ARCHITECTURE.md`, invariant 8): whatever
//! fails here is a miss, and a server that is away or slow is left alone for a
//! moment, so that it costs one short time-out and not one per request.

mod flight;
mod versioned;

pub use redis::RedisError;
pub use versioned::{Entry, Version, VersionedCache, announce_version};

use crate::config::Config;
use redis::{
    Client, FromRedisValue, Pipeline, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How long one command may take, connecting included.
const COMMAND_TIME: Duration = Duration::from_millis(150);
/// How long a server that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// One multiplexed connection, opened at the first command and again whenever
/// it breaks. Cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    client: Client,
    manager: OnceCell<ConnectionManager>,
    prefix: String,
    created: Instant,
    /// Milliseconds after `created` until which no command is sent.
    paused_until: AtomicU64,
}

/// A command that has no answer; the log says more.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The server failed a moment ago and is left alone.
    #[error("Redis failed a moment ago")]
    Paused,
    /// No answer in time.
    #[error("Redis did not answer within {COMMAND_TIME:?}")]
    TimedOut,
    /// What the server or the connection said.
    #[error("Redis failed")]
    Failed(#[from] RedisError),
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

impl Redis {
    /// The server of the configuration; connects at the first command.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn new(config: &Config) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Shared {
            client: Client::open(config.redis_url.as_str())?,
            manager: OnceCell::new(),
            prefix: config.redis_prefix.clone(),
            created: Instant::now(),
            paused_until: AtomicU64::new(0),
        })))
    }

    /// The full name of a key of this deployment.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// Whether the server answers, whatever happened before: for readiness.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        let ping = redis::cmd("PING");
        let asked = async {
            let mut connection = self.manager().await?;
            ping.query_async::<()>(&mut connection).await
        };
        within(asked).await
    }

    /// The server's version, as it tells it.
    pub async fn version(&self) -> Result<String, Unavailable> {
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let asked = async {
            let mut connection = self.manager().await?;
            info.query_async::<String>(&mut connection).await
        };
        let told = within(asked).await?;
        let version = told
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("of an unknown version").to_owned())
    }

    /// Sends commands in one round trip.
    pub async fn pipeline<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Unavailable> {
        self.guarded(async {
            let mut connection = self.manager().await?;
            commands.query_async(&mut connection).await
        })
        .await
    }

    /// Runs a script, loading it where the server does not have it yet.
    pub async fn script<T: FromRedisValue>(
        &self,
        invocation: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        self.guarded(async {
            let mut connection = self.manager().await?;
            invocation.invoke_async(&mut connection).await
        })
        .await
    }

    async fn guarded<T>(
        &self,
        command: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Unavailable> {
        if self.now() < self.0.paused_until.load(Ordering::Relaxed) {
            return Err(Unavailable::Paused);
        }
        let result = within(command).await;
        if let Err(error) = &result {
            self.pause(error);
        }
        result
    }

    /// Leaves the server alone; said once per pause, although many commands
    /// may fail at the same time.
    fn pause(&self, error: &Unavailable) {
        let now = self.now();
        let until = now + u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        if self.0.paused_until.swap(until, Ordering::Relaxed) < now {
            metrics::counter!("orderlog_redis_pauses_total").increment(1);
            let reason = crate::lifecycle::error_chain(error);
            tracing::warn!(reason, pause = ?PAUSE, "redis.paused");
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.created.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn manager(&self) -> Result<ConnectionManager, RedisError> {
        let manager = self.0.manager.get_or_try_init(|| async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(COMMAND_TIME))
                .set_response_timeout(Some(COMMAND_TIME))
                .set_number_of_retries(1)
                .set_min_delay(Duration::from_millis(10));
            ConnectionManager::new_lazy_with_config(self.0.client.clone(), config)
        });
        manager.await.cloned()
    }
}

async fn within<T>(command: impl Future<Output = Result<T, RedisError>>) -> Result<T, Unavailable> {
    match tokio::time::timeout(COMMAND_TIME, command).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Unavailable::TimedOut),
    }
}
