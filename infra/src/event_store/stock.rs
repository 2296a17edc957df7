//! The append of postgres-es, unchanged: the oracle of ours.

use super::{
    AppendError, NewEvent, Stamp,
    error::{Cause, classify},
    stamps::stamp,
};
use cqrs_es::{
    Aggregate,
    persist::{PersistedEventRepository as _, PersistenceError, SerializedEvent},
};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

/// It does not tell where the events stand, so that is read back: its success
/// means that the events at these sequences are ours.
const READ_BACK: &str = "SELECT sequence, epoch, transaction_id::text::bigint AS xid, position, recorded_at \
       FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence BETWEEN $3 AND $4 \
      ORDER BY sequence";

pub(super) async fn append<A: Aggregate>(
    repository: &PostgresEventRepository,
    pool: &PgPool,
    aggregate_id: &str,
    events: &[NewEvent],
) -> Result<Vec<Stamp>, AppendError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(Vec::new());
    };
    let serialized = events
        .iter()
        .map(|e| serialized::<A>(aggregate_id, e))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| AppendError::Refused(Cause::new(e)))?;
    repository
        .persist::<A>(&serialized, None)
        .await
        .map_err(meaning)?;
    let rows = sqlx::query(READ_BACK)
        .bind(A::TYPE)
        .bind(aggregate_id)
        .bind(first.sequence)
        .bind(last.sequence)
        .fetch_all(pool)
        .await
        .map_err(|e| AppendError::Unknown(Cause::new(e)))?;
    let stamps = rows.iter().map(stamp).collect::<Result<Vec<_>, _>>();
    stamps.map_err(|e| AppendError::Unknown(Cause::new(e)))
}

fn serialized<A: Aggregate>(
    aggregate_id: &str,
    event: &NewEvent,
) -> Result<SerializedEvent, serde_json::Error> {
    Ok(SerializedEvent::new(
        aggregate_id.to_owned(),
        usize::try_from(event.sequence).unwrap_or(usize::MAX),
        A::TYPE.to_owned(),
        event.event_type.clone(),
        event.event_version.clone(),
        serde_json::from_str(&event.payload)?,
        serde_json::to_value(&event.metadata)?,
    ))
}

fn meaning(error: PersistenceError) -> AppendError {
    match error {
        PersistenceError::OptimisticLockError => AppendError::Conflict,
        PersistenceError::ConnectionError(source) => AppendError::Unknown(Cause::new(source)),
        PersistenceError::UnknownError(source) => match source.downcast::<sqlx::Error>() {
            Ok(error) => classify(*error),
            Err(source) => AppendError::Unknown(Cause::new(source)),
        },
        PersistenceError::DeserializationError(source) => AppendError::Refused(Cause::new(source)),
    }
}
