//! What follows from a log that was restored (`docs/ARCHITECTURE.md`,
//! invariant 16): orders of which more is known than the log has are folded
//! anew, with the steps that follow from them.
//!
//! A step's key is made of its event, so a step of an event that the log kept
//! has the key it had: what was done before, and is in the log, happens no second
//! time; what the log lost of it happens again.

use super::{
    plan::{Plan, Rules},
    record::{Record, Unreadable},
    store::{self, Known},
};
use contracts::{order::OrderEvent, partition::partition_of, topics::ORDERS};
use infra::{
    config::Config,
    epoch::{self, EpochError},
    log::{ContractMapping, LogReader, MappingError},
    platforms::{SavedPlatforms, SavedSettings},
};
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Kind of aggregate in the log.
const ORDER: &str = "order";
const LOG_CONNECTIONS: u32 = 2;
/// Orders looked up in the log at a time.
const PAGE: usize = 1_000;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The log: what platforms say, and the rare case that an announcement makes it
/// necessary to look at orders.
#[derive(Clone)]
pub struct Log {
    pool: PgPool,
    reader: LogReader,
    mapping: Arc<dyn ContractMapping>,
    platforms: Arc<Mutex<SavedPlatforms>>,
}

/// Why a partition could not be brought into line with the log.
#[derive(Debug, thiserror::Error)]
pub enum RealignError {
    /// The log must not be read, or does not answer.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The log has not begun the epoch that was announced.
    #[error("epoch {announced} was announced, and the log is in epoch {present}")]
    NotBegun {
        /// By the relay.
        announced: i32,
        /// As the log says.
        present: i32,
    },
    /// A database is away or busy.
    #[error("a database does not answer")]
    Database(#[from] sqlx::Error),
    /// What platforms say cannot be read.
    #[error("the platforms cannot be read")]
    Platforms(#[source] BoxError),
    /// An order's events cannot be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Nor understood.
    #[error("order {order} cannot be folded anew")]
    Order {
        /// Which.
        order: Uuid,
        /// Why.
        #[source]
        source: Unreadable,
    },
}

impl Log {
    /// The log of this configuration. Opens no connection yet.
    pub fn new(config: &Config, mapping: Arc<dyn ContractMapping>) -> Result<Self, sqlx::Error> {
        let pool = epoch::pool(&config.events_url, LOG_CONNECTIONS)?;
        let reader = LogReader::new(pool.clone());
        let platforms = SavedPlatforms::new(reader.clone(), Arc::clone(&mapping));
        Ok(Self {
            reader,
            pool,
            mapping,
            platforms: Arc::new(Mutex::new(platforms)),
        })
    }

    /// Its connections.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What platforms say that somebody has saved.
    ///
    /// # Errors
    /// When the log has not confirmed it for a second, and does not now.
    pub async fn saved(&self) -> Result<Arc<SavedSettings>, BoxError> {
        self.platforms.lock().await.now().await
    }
}

/// Brings the orders of a partition into line with the log, once for each
/// `announced` epoch: all in one transaction, which no batch of that partition
/// runs beside. How many orders were folded anew.
pub async fn realign(
    log: &Log,
    ops: &PgPool,
    config: &Config,
    partition: i32,
    announced: i32,
) -> Result<u64, RealignError> {
    let present = log.reader.epoch().await?.epoch;
    if present < announced {
        return Err(RealignError::NotBegun { announced, present });
    }
    let mut transaction = ops.begin().await?;
    if !store::enter_epoch(&mut transaction, partition, announced).await? {
        return Ok(0);
    }
    let known = store::known(&mut transaction).await?;
    let ours = |id: &Uuid| partition_of(id.to_string().as_bytes(), ORDERS.partitions) == partition;
    let known: Vec<Known> = known.into_iter().filter(|known| ours(&known.id)).collect();
    let saved = log.saved().await.map_err(RealignError::Platforms)?;
    let (rules, mut realigned) = (
        Rules {
            config,
            saved: &saved,
        },
        0,
    );
    for page in known.chunks(PAGE) {
        for id in store::not_in_log(&log.pool, ORDER, page).await? {
            let plan = fold(log, rules, (id, announced)).await?;
            store::replace(&mut transaction, id, plan).await?;
            realigned += 1;
        }
    }
    transaction.commit().await?;
    tracing::info!(
        partition,
        epoch = announced,
        orders = realigned,
        "process.realigned"
    );
    Ok(realigned)
}

/// What follows from all that the log has of an order of before this epoch. What
/// has happened in it comes from Kafka, where it is new to whoever is told of it.
async fn fold(
    log: &Log,
    rules: Rules<'_>,
    (id, announced): (Uuid, i32),
) -> Result<Plan, RealignError> {
    let stored = log.reader.read_stream(ORDER, &id.to_string()).await?;
    let mut plan = Plan::over(BTreeMap::new());
    for published in log.mapping.stream(&stored)? {
        let envelope = published.envelope;
        if envelope.position.at.epoch >= announced {
            break;
        }
        let event = OrderEvent::from_data(&envelope.event_type, &published.data)
            .map_err(|error| failed(id, error.into()))?;
        let record = Record {
            partition: envelope.position.partition,
            offset: 0,
            envelope,
            event,
        };
        let added = plan.add(&record, rules);
        added.map_err(|error| failed(id, error))?;
    }
    Ok(plan)
}

const fn failed(order: Uuid, source: Unreadable) -> RealignError {
    RealignError::Order { order, source }
}
