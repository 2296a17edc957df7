//! Redis, which is never truth (`docs/ARCHITECTURE.md`, invariant 8): whatever
//! fails here is a miss, and a server that is away or slow is left alone for a
//! moment.
//!
//! | file | what |
//! |---|---|
//! | `versioned.rs` | values of a whole family become old together: statistics |
//! | `documents.rs` | each value becomes old by itself: orders |
//! | `family.rs` | what both store, and the guard against older values |
//! | `near/` | copies in this process of what is asked for most |
//! | `purge.rs` | deleting by key, prefix or family |
//! | `dedicated.rs` | a connection for commands that block |
//! | `breaker.rs`, `flight.rs`, `tally.rs` | leaving a server alone, asking once for many, counting |

mod breaker;
mod dedicated;
mod documents;
mod family;
mod flight;
mod near;
mod purge;
mod server;
mod tally;
mod version;
mod versioned;

pub use dedicated::Dedicated;
pub use documents::{Document, DocumentCache, LIFE, announce_documents};
pub use family::Entry;
pub use near::{NEAR_FAMILY, Near};
pub use purge::{InvalidPurge, Purge, purge};
pub use redis::RedisError;
pub use server::{ServerFigures, server_figures};
pub use tally::{FamilyFigures, Found};
pub use version::Version;
pub use versioned::{Answered, VersionedCache, announce_version};

use crate::{clock, config::Config, tls::Authorities};
use breaker::Breaker;
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, Pipeline, ScriptInvocation, ServerErrorKind,
    TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tally::Tallies;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

const PAUSES: &str = "orderlog_redis_pauses_total";
const REFUSALS: &str = "orderlog_redis_refusals_total";

/// Tells the exporter what the names mean, and begins what is watched at zero:
/// of a count that begins with its first event, that event is no increase.
pub(crate) fn describe_metrics() {
    tally::describe();
    metrics::describe_counter!(
        PAUSES,
        "How often Redis was left alone for a second after failing three times"
    );
    metrics::describe_counter!(
        REFUSALS,
        "Commands that Redis refused, being full as a rule"
    );
    metrics::counter!(PAUSES).increment(0);
    metrics::counter!(REFUSALS).increment(0);
}

/// One multiplexed connection, opened at the first command and again whenever
/// it breaks. Cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Shared>);

struct Shared {
    client: Client,
    manager: OnceCell<ConnectionManager>,
    prefix: String,
    /// How long one command may take, connecting included.
    patience: Duration,
    breaker: Breaker,
    /// When it was last seen to be away, in milliseconds since 1970.
    away_at: AtomicI64,
    tallies: Tallies,
}

/// A command that has no answer; the log says more.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The server failed a moment ago and is left alone.
    #[error("Redis failed a moment ago")]
    Paused,
    /// No answer in time.
    #[error("Redis did not answer in time")]
    TimedOut,
    /// The connection failed, or the server cannot serve at the moment.
    #[error("Redis failed")]
    Failed(#[source] RedisError),
    /// The server is there, and will not do this: it is full, say. Other
    /// commands may well succeed.
    #[error("Redis refused a command")]
    Refused(#[source] RedisError),
}

impl From<RedisError> for Unavailable {
    fn from(error: RedisError) -> Self {
        use ServerErrorKind as Server;
        match error.kind() {
            // What a replica says may be long past.
            ErrorKind::Server(
                Server::BusyLoading | Server::MasterDown | Server::ReadOnly | Server::ClusterDown,
            ) => Self::Failed(error),
            ErrorKind::Server(_) | ErrorKind::Extension => Self::Refused(error),
            _ => Self::Failed(error),
        }
    }
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
    /// A URL that is none, authorities that cannot be read.
    pub fn new(config: &Config) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Shared {
            client: client(config)?,
            manager: OnceCell::new(),
            prefix: config.redis_prefix.clone(),
            patience: Duration::from_millis(config.redis_timeout_ms),
            breaker: Breaker::new(),
            away_at: AtomicI64::new(i64::MIN),
            tallies: Tallies::default(),
        })))
    }

    /// The full name of a key of this deployment.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// What the caches on this server were asked for by this process, a family
    /// each.
    pub fn figures(&self) -> Vec<FamilyFigures> {
        self.0.tallies.figures()
    }

    /// Whether the server is being left alone.
    pub fn is_paused(&self) -> bool {
        self.0.breaker.is_closed()
    }

    /// Whether the server answers, whatever happened before: for readiness.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        let ping = redis::cmd("PING");
        let asked = async {
            let mut connection = self.manager().await?;
            ping.query_async::<()>(&mut connection).await
        };
        self.within(asked).await
    }

    /// Sends one command.
    pub async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        self.guarded(async {
            let mut connection = self.manager().await?;
            command.query_async(&mut connection).await
        })
        .await
    }

    /// The server's version, as it tells it.
    pub async fn version(&self) -> Result<String, Unavailable> {
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let asked = async {
            let mut connection = self.manager().await?;
            info.query_async::<String>(&mut connection).await
        };
        let told = self.within(asked).await?;
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
        let breaker = &self.0.breaker;
        if !breaker.admits() {
            return Err(Unavailable::Paused);
        }
        let result = self.within(command).await;
        match &result {
            Ok(_) => breaker.succeeded(),
            Err(error @ Unavailable::Refused(_)) => {
                breaker.succeeded();
                metrics::counter!(REFUSALS).increment(1);
                tracing::debug!(
                    error = crate::lifecycle::error_chain(error),
                    "redis.refused"
                );
            }
            Err(error) => {
                if breaker.failed() {
                    metrics::counter!(PAUSES).increment(1);
                    let reason = crate::lifecycle::error_chain(error);
                    tracing::warn!(reason, pause_ms = breaker::PAUSE, "redis.paused");
                }
                if breaker.is_closed() {
                    let now = family::stored_moment(clock::now());
                    self.0.away_at.store(now, Ordering::Relaxed);
                }
            }
        }
        result
    }

    /// Whether the server has been away since: announcements of what has changed may
    /// not have come to it.
    fn was_away_since(&self, moment: OffsetDateTime) -> bool {
        family::stored_moment(moment) <= self.0.away_at.load(Ordering::Relaxed)
    }

    async fn manager(&self) -> Result<ConnectionManager, RedisError> {
        let manager = self.0.manager.get_or_try_init(|| async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(self.0.patience))
                .set_response_timeout(Some(self.0.patience))
                .set_number_of_retries(1)
                .set_min_delay(Duration::from_millis(10));
            ConnectionManager::new_lazy_with_config(self.0.client.clone(), config)
        });
        manager.await.cloned()
    }

    async fn within<T>(
        &self,
        command: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Unavailable> {
        match tokio::time::timeout(self.0.patience, command).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(Unavailable::TimedOut),
        }
    }
}

/// With TLS where the URL is `rediss://`.
fn client(config: &Config) -> Result<Client, RedisError> {
    let url = config.redis_url.as_str();
    if config.tls_ca_file.is_empty() || !url.starts_with("rediss:") {
        return Client::open(url);
    }
    let authorities = Authorities::of(config).map_err(|error| {
        let why = crate::lifecycle::error_chain(&error);
        RedisError::from((ErrorKind::InvalidClientConfig, "tls_ca_file", why))
    })?;
    let trusted = TlsCertificates {
        client_tls: None,
        root_cert: authorities.pem().map(<[u8]>::to_vec),
    };
    Client::build_with_tls(url, trusted)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
