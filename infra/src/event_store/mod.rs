//! The event store: loads an aggregate's stream, appends to it under an
//! optimistic version (`docs/ARCHITECTURE.md`, invariants 1, 2 and 10).
//!
//! Two ways to append, one table: `grouped` is ours, `stock` is postgres-es
//! itself and the oracle that ours is compared with.

mod grouped;
mod hint;
mod stock;

pub use hint::{CHANNEL, LogHint};

use crate::{
    config::EventStoreKind,
    log::{LogReader, Metadata, StoredEvent},
    postgres::is_connection_error,
};
use contracts::LogPosition;
use cqrs_es::Aggregate;
use postgres_es::PostgresEventRepository;
use sqlx::{PgPool, error::DatabaseError};
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

/// Why nothing is known to be stored.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else's event has one of these sequences, or this command is
    /// stored already: load again. Nothing of this append is stored.
    #[error("the stream has moved on")]
    Conflict,
    /// The database asked for a repeat (serialisation failure, deadlock).
    /// Nothing of this append is stored.
    #[error("the database asked for a repeat")]
    Repeat(#[source] sqlx::Error),
    /// The connection was lost: the append may or may not be stored. The same
    /// append, repeated, settles it.
    #[error("the connection to the log was lost")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database cannot take it now: no connection, no room, a lock or a
    /// time-out in the way. Nothing of this append is stored.
    #[error("the log cannot take events at the moment")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused. Nothing of this append is stored.
    #[error("the log refused the events")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Appends to and loads from the log.
pub struct EventStore {
    pool: PgPool,
    reader: LogReader,
    stock: Option<PostgresEventRepository>,
    hint: LogHint,
}

impl EventStore {
    /// A store on the log behind `pool`; `hint` is told of every append.
    pub fn new(pool: PgPool, kind: EventStoreKind, hint: LogHint) -> Self {
        let stock = match kind {
            EventStoreKind::Grouped => None,
            EventStoreKind::Stock => Some(PostgresEventRepository::new(pool.clone())),
        };
        Self {
            reader: LogReader::new(pool.clone()),
            pool,
            stock,
            hint,
        }
    }

    /// All events of an aggregate, from the first on.
    pub async fn load(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        self.reader.read_stream(aggregate_type, aggregate_id).await
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

    /// Stores all of `events` or none, in one transaction that consists of
    /// one INSERT. Answers a stamp per event, by sequence.
    pub async fn append<A: Aggregate>(
        &self,
        aggregate_id: &str,
        events: &[NewEvent],
    ) -> Result<Vec<Stamp>, AppendError> {
        let stamps = match &self.stock {
            None => grouped::append(&self.pool, A::TYPE, aggregate_id, events).await,
            Some(repository) => {
                stock::append::<A>(repository, &self.pool, aggregate_id, events).await
            }
        }?;
        self.hint.appended();
        Ok(stamps)
    }
}

/// What a database error means for an append.
fn classify(error: sqlx::Error) -> AppendError {
    // No connection was to be had: nothing was sent.
    if matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) {
        return AppendError::Unavailable(error);
    }
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() {
        // unique_violation: the primary key or the command's index.
        Some("23505") => AppendError::Conflict,
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => AppendError::Repeat(error),
        // lock_not_available, query_canceled (time-outs), read_only_sql_transaction
        Some("55P03" | "57014" | "25006") => AppendError::Unavailable(error),
        // insufficient_resources: disk full, out of memory, too many connections
        Some(code) if code.starts_with("53") => AppendError::Unavailable(error),
        _ if is_connection_error(&error) => AppendError::Unknown(Box::new(error)),
        _ => AppendError::Refused(Box::new(error)),
    }
}
