//! Why a batch, or a part of one, could not be applied.

use super::{
    event::{Poison, Record},
    opened::HistoryError,
    projection::BoxError,
};
use infra::{postgres::is_connection_error, sealing::KeysUnavailable};
use uuid::Uuid;

/// Why a batch was not applied. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Somebody else has moved an offset, or the projection was rebuilt.
    #[error("the stored offsets are no longer the ones that were loaded")]
    Refused,
    /// A database is away or busy: the same batch may succeed later.
    #[error("a database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// The keys of personal data cannot be read: the same batch may succeed
    /// later.
    #[error(transparent)]
    Keys(KeysUnavailable),
    /// A record that no retry will help.
    #[error(transparent)]
    Poison(Box<Poison>),
}

/// The log does not know an event that Kafka carries.
#[derive(Debug, thiserror::Error)]
#[error("the log ends at event {stored} of {id}, before event {published} that Kafka carries")]
pub(super) struct LogBehind {
    pub id: Uuid,
    pub stored: i64,
    pub published: i64,
}

/// Why one attempt at a slice of a batch failed.
pub(super) enum Attempt {
    Final(BatchError),
    /// The database refused a statement. Which record is at fault, the server
    /// does not say.
    Rejected(sqlx::Error),
    /// The record with this index is at fault.
    Record(usize, BoxError),
}

impl From<sqlx::Error> for Attempt {
    fn from(error: sqlx::Error) -> Self {
        if is_transient(&error) {
            Self::Final(BatchError::Unavailable(error))
        } else {
            Self::Rejected(error)
        }
    }
}

/// Why an aggregate could not be folded anew.
pub(super) enum Refold {
    Log(sqlx::Error),
    Keys(KeysUnavailable),
    Event(BoxError),
}

impl From<HistoryError> for Refold {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Keys(away) => Self::Keys(away),
            HistoryError::Event(error) => Self::Event(error),
        }
    }
}

impl Refold {
    /// The failure of the record with this index.
    pub fn at(self, index: usize) -> Attempt {
        match self {
            Self::Log(error) if is_transient(&error) => {
                Attempt::Final(BatchError::Unavailable(error))
            }
            Self::Log(error) => Attempt::Record(index, error.into()),
            Self::Keys(away) => Attempt::Final(BatchError::Keys(away)),
            Self::Event(error) => Attempt::Record(index, error),
        }
    }
}

/// Whether a statement may succeed when it is tried again: the server is away
/// or read-only, short of room, or a lock, a time-out or another transaction
/// was in the way.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    const BUSY: [&str; 5] = ["25006", "40001", "40P01", "55P03", "57014"];
    is_connection_error(error)
        || matches!(error, sqlx::Error::Database(db)
            if db.code().is_some_and(|c| c.starts_with("53") || BUSY.contains(&c.as_ref())))
}

/// The first of these records is at fault, because of `source`.
///
/// # Panics
/// When there is none: nobody is then to blame.
pub(super) fn poison<D>(topic: &str, records: &[Record<D>], source: BoxError) -> BatchError {
    let first = &records[0];
    BatchError::Poison(Box::new(Poison {
        topic: topic.to_owned(),
        partition: first.partition,
        offset: first.offset,
        key: first.event.envelope.subject.to_string(),
        source,
    }))
}
