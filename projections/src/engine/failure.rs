//! Why a batch, or a part of one, could not be applied.

use super::{opened::HistoryError, projection::BoxError};
use infra::{lifecycle::error_chain, postgres::is_connection_error, sealing::OpenError};
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
    /// A database refuses a statement, and no record is to blame: a table is
    /// missing, a right, or what a record that cannot be applied is kept in.
    #[error("a database refuses a statement")]
    Database(#[source] sqlx::Error),
    /// The keys of personal data cannot be read, or are another master key's:
    /// the same batch may succeed later.
    #[error(transparent)]
    Closed(OpenError),
}

/// The log does not know an event that Kafka, or the row, has.
#[derive(Debug, thiserror::Error)]
#[error("the log ends at event {stored} of {id}, before event {published} that is known of it")]
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

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        if is_transient(&error) {
            Self::Unavailable(error)
        } else {
            Self::Database(error)
        }
    }
}

impl From<BatchError> for Attempt {
    fn from(error: BatchError) -> Self {
        Self::Final(error)
    }
}

impl From<sqlx::Error> for Attempt {
    fn from(error: sqlx::Error) -> Self {
        if is_about_data(&error) {
            Self::Rejected(error)
        } else {
            Self::Final(error.into())
        }
    }
}

/// Why an aggregate could not be folded anew.
pub(super) enum Refold {
    Log(sqlx::Error),
    Closed(OpenError),
    Event(BoxError),
}

impl From<HistoryError> for Refold {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Closed(error) => Self::Closed(error),
            HistoryError::Event(error) => Self::Event(error),
        }
    }
}

impl Refold {
    /// The failure of the record with this index.
    pub fn at(self, index: usize) -> Attempt {
        match self {
            Self::Log(error) => match Attempt::from(error) {
                Attempt::Rejected(error) => Attempt::Record(index, error.into()),
                other => other,
            },
            Self::Closed(error) => Attempt::Final(BatchError::Closed(error)),
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

/// Whether what was to be stored, or was stored, is to blame: a value that has
/// no place where it belongs, a constraint, a limit, a row that cannot be read.
/// Anything else stands in the way of every record alike, and parks none.
pub(super) fn is_about_data(error: &sqlx::Error) -> bool {
    const CLASSES: [&str; 5] = ["22", "23", "44", "54", "P0"];
    match error {
        sqlx::Error::Database(db) => db
            .code()
            .is_some_and(|code| CLASSES.iter().any(|class| code.starts_with(class))),
        sqlx::Error::Encode(_) => true,
        error => is_unreadable(error),
    }
}

/// Whether a row was found that cannot be read.
pub(super) const fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
    )
}

/// An error with its causes, as it can be stored: Postgres has no zero byte.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    error_chain(error).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_lost_connection_nor_a_missing_table_is_a_records_fault() {
        let io = std::io::Error::other("gone");
        assert!(matches!(
            Attempt::from(sqlx::Error::Io(io)),
            Attempt::Final(BatchError::Unavailable(_))
        ));
        assert!(matches!(
            Attempt::from(sqlx::Error::RowNotFound),
            Attempt::Final(BatchError::Database(_))
        ));
        let malformed = sqlx::Error::Decode("a document".into());
        assert!(matches!(Attempt::from(malformed), Attempt::Rejected(_)));
    }
}
