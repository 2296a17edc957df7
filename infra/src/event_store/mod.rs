//! The event store: loads an aggregate's stream, appends to it under an
//! optimistic version (`docs/ARCHITECTURE.md`, invariants 1, 2 and 10).
//!
//! Two ways to append, one table: `grouped` is ours (group commit), `stock` is
//! postgres-es itself and the oracle that ours is compared with.

mod error;
mod grouped;
mod hint;
mod loads;
mod sessions;
mod snapshots;
mod stamps;
mod stock;

pub use error::{AppendError, Cause};
pub use hint::{CHANNEL, LogHint};
pub use loads::Stream;
pub use snapshots::Snapshot;

use crate::{
    config::EventStoreKind,
    log::{LogReader, Metadata, StoredEvent},
};
use contracts::LogPosition;
use cqrs_es::Aggregate;
use grouped::GroupCommit;
use loads::Loads;
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

/// An event about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Version of the aggregate after it, from 1.
    pub sequence: i64,
    /// Name of the domain event.
    pub event_type: String,
    /// Version of its format.
    pub event_version: String,
    /// The domain event, JSON text.
    pub payload: String,
    /// Who, why, what came of it.
    pub metadata: Metadata,
}

/// What the log added to a stored event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Version of the aggregate.
    pub sequence: i64,
    /// Place in the log.
    pub at: LogPosition,
    /// When it was stored.
    pub recorded_at: OffsetDateTime,
}

/// Appends to and loads from the log. Cheap to clone; one per process joins
/// the appends and loads of everybody.
#[derive(Clone)]
pub struct EventStore {
    pool: PgPool,
    reader: LogReader,
    append: Arc<Append>,
    loads: Arc<Loads>,
    hint: LogHint,
}

/// The way to append.
enum Append {
    Grouped(GroupCommit),
    Stock(PostgresEventRepository),
}

impl EventStore {
    /// A store on the log behind `pool`; `hint` is told of every append. Has
    /// to be called within a Tokio runtime.
    pub fn new(pool: PgPool, kind: EventStoreKind, hint: LogHint) -> Self {
        let append = match kind {
            EventStoreKind::Grouped => Append::Grouped(GroupCommit::start(&pool)),
            EventStoreKind::Stock => Append::Stock(PostgresEventRepository::new(pool.clone())),
        };
        Self {
            reader: LogReader::new(pool.clone()),
            append: Arc::new(append),
            loads: Arc::new(Loads::start(&pool)),
            pool,
            hint,
        }
    }

    /// An aggregate's newest snapshot of this schema version, if it has one,
    /// and the events after it; loads of the same moment share a query.
    pub async fn load(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
        snapshots: Option<i32>,
    ) -> Result<Stream, Cause> {
        let loads = &self.loads;
        loads.load(aggregate_type, aggregate_id, snapshots).await
    }

    /// Events of an aggregate from the first on, up to version `last`.
    pub async fn load_until(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        last: i64,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let reader = &self.reader;
        reader
            .read_stream_until(aggregate_type, aggregate_id, last)
            .await
    }

    /// The last event of an aggregate, and before it the first one of a
    /// command, where the aggregate has it.
    pub async fn load_last(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        command_id: Uuid,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let reader = &self.reader;
        reader
            .read_last(aggregate_type, aggregate_id, command_id)
            .await
    }

    /// The last event of each of these aggregates that exists.
    pub async fn load_last_of_each(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[String],
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let reader = &self.reader;
        reader
            .read_last_of_each(aggregate_type, aggregate_ids)
            .await
    }

    /// The version of an aggregate with the last event of a command; none
    /// where it has no such command. Its first event says how many it has
    /// (invariant 10).
    pub async fn version_of_command(
        &self,
        aggregate_id: &str,
        command_id: Uuid,
    ) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT sequence + coalesce((metadata ->> 'command_events')::bigint, 1) - 1 \
               FROM events WHERE aggregate_id = $1 AND command_id = $2",
        )
        .bind(aggregate_id)
        .bind(command_id)
        .fetch_optional(&self.pool)
        .await
    }

    /// Stores all of `events` or none, in one transaction that consists of
    /// one INSERT, after the event at `follows`, or as the aggregate's first
    /// ones. Answers a stamp per event, by sequence.
    pub async fn append<A: Aggregate>(
        &self,
        aggregate_id: &str,
        follows: Option<LogPosition>,
        events: &[NewEvent],
    ) -> Result<Vec<Stamp>, AppendError> {
        let stamps = match &*self.append {
            Append::Grouped(group) => {
                let follows = follows.map(|at| at.position);
                group.append(A::TYPE, aggregate_id, follows, events).await
            }
            Append::Stock(repository) => {
                stock::append::<A>(repository, &self.pool, aggregate_id, events).await
            }
        }?;
        self.hint.appended();
        Ok(stamps)
    }

    /// Keeps a snapshot, unless there is a newer one. In a transaction of its
    /// own (invariant 1).
    pub async fn keep(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        schema_version: i32,
        snapshot: &Snapshot,
    ) -> Result<(), sqlx::Error> {
        let of = (aggregate_type, aggregate_id);
        snapshots::keep(&self.pool, of, schema_version, snapshot).await
    }
}
