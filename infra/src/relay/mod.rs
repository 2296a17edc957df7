//! The relay: carries the log to Kafka, each event exactly once and in order
//! (`docs/ARCHITECTURE.md`, invariants 3 to 5).
//!
//! Of all relays of a deployment one leads, the one that holds an advisory
//! lock in the events database ([`crate::leader`]). That alone would not do: a
//! leader may be frozen and wake up as a second one. So the transactional ids
//! are fixed ([`IDS`]), and whoever calls `init_transactions` with them last
//! fences everybody before
//! ([`TransactionalProducer`](crate::kafka::TransactionalProducer)). Where to
//! continue is a record on a compacted topic of one
//! partition, written in the transaction that publishes the events themselves
//! ([`progress`]), and read only after `init_transactions`, when no earlier
//! transaction can change it any more.
//!
//! Platforms may have topics of their own, to which their orders' events go in the
//! same transactions ([`platforms`]).
//!
//! Whatever contradicts the recorded progress (no record beside events, a
//! topic or a log that is another one) ends the relay with an error that says
//! what to do: it never starts from zero by itself ([`checks`]).

mod announce;
mod batch;
mod checks;
mod error;
mod kafka_watch;
mod lag;
mod platforms;
mod progress;
mod publish;
mod run;
mod session;
mod source;
mod status;

pub use error::RelayError;
pub use lag::behind;
pub use progress::{PlatformProgress, Progress};
pub use status::{RelayState, RelayStatus};

use crate::{
    config::Config,
    epoch,
    leader::LeaderLock,
    lifecycle::Lifecycle,
    log::{ContractMapping, LogReader},
    postgres::{self, Database},
};
use std::sync::{Arc, atomic::AtomicU64};
use tokio::sync::watch;

/// Name of the lock and of the reader of the progress, before the deployment's
/// prefix.
const RELAY: &str = "orderlog.relay";
/// The transactional ids, each for every second transaction.
const IDS: [&str; 2] = [RELAY, "orderlog.relay.second"];
/// Name of the leader's session, to be found in `pg_stat_activity`.
const LEADER: &str = "orderlog-relay-leader";
/// A read of a batch, the LISTEN session, the look at the lag: no more at once.
const CONNECTIONS: u32 = 4;

/// Starts the relay on `lifecycle`. It needs neither server to be there: it
/// waits for both, and only contradictions (see [`RelayError`]) end it.
/// `mapping` makes of each stored event what is published.
///
/// The answer is the relay's state as it changes, for readiness.
///
/// # Errors
/// When a URL of the configuration cannot be understood.
pub fn spawn(
    config: &Config,
    mapping: Arc<dyn ContractMapping>,
    lifecycle: &Lifecycle,
) -> Result<watch::Receiver<RelayStatus>, RelayError> {
    status::describe_metrics();
    let log = epoch::pool(&config.events_url, CONNECTIONS).map_err(RelayError::Log)?;
    lifecycle.pools.add(Database::Events, &log);
    let sessions = Database::Events.session_url(config);
    let (status, receiver) = status::StatusSender::new();
    let relay = run::Relay {
        leader: LeaderLock::new(sessions, config.kafka_name(RELAY), LEADER)
            .map_err(RelayError::Log)?,
        reader: LogReader::new(log.clone()),
        listener: postgres::listener(config, &log).map_err(RelayError::Log)?,
        log,
        mapping,
        platforms: platforms::PlatformTopics::of(config),
        status,
        commits: AtomicU64::default(),
        shutdown: lifecycle.shutdown.clone(),
        config: config.clone(),
    };
    lifecycle.spawn("relay", async move { Ok(Box::pin(relay.run()).await?) });
    Ok(receiver)
}

/// The epoch of the log that was published last, if anything was; for a bump,
/// which has to come after it.
///
/// # Errors
/// When Kafka does not answer, or the record cannot be read.
pub async fn published_epoch(
    config: &Config,
) -> Result<Option<i32>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(checks::published_epoch(config).await?)
}

/// What was published last, for whoever looks at it from outside: a leader that has
/// a transaction open may be further. None where nothing ever was, or the topics are
/// not there yet.
///
/// # Errors
/// When Kafka does not answer, or the record cannot be read.
pub async fn published(
    config: &Config,
) -> Result<Option<Progress>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(checks::published(config).await?)
}
