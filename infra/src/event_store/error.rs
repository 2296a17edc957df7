//! Why nothing is known to be stored, and what database errors mean for that.

use crate::postgres::is_connection_error;
use sqlx::error::DatabaseError;
use std::{borrow::Cow, error::Error, fmt, sync::Arc};

/// Why nothing is known to be stored. Cheap to clone: commands that were
/// joined share what befell them.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Somebody else's event has one of these sequences, or this command is
    /// stored already: load again. Nothing of this append is stored.
    #[error("the stream has moved on")]
    Conflict,
    /// The database asked for a repeat (serialisation failure, deadlock).
    /// Nothing of this append is stored.
    #[error("the database asked for a repeat")]
    Repeat(#[source] Cause),
    /// The connection was lost and did not come back in time: the append may
    /// or may not be stored. The same append, repeated, settles it.
    #[error("the connection to the log was lost")]
    Unknown(#[source] Cause),
    /// The database cannot take it now: no connection, no room, a lock or a
    /// time-out in the way. Nothing of this append is stored.
    #[error("the log cannot take events at the moment")]
    Unavailable(#[source] Cause),
    /// As many appends wait as may wait. Nothing of this append is stored.
    #[error("{waiting} appends are waiting for the log already")]
    Overloaded {
        /// How many.
        waiting: usize,
    },
    /// The database refused. Nothing of this append is stored.
    #[error("the log refused the events")]
    Refused(#[source] Cause),
}

/// Any error, shared.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Shares `error`.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The code that the database gave, if it is the database's error.
    pub(super) fn sql_state(&self) -> Option<Cow<'_, str>> {
        let error = self.0.downcast_ref::<sqlx::Error>()?;
        error.as_database_error()?.code()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl AppendError {
    /// In one word, for telemetry.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Repeat(_) => "repeat",
            Self::Unknown(_) => "unknown",
            Self::Unavailable(_) => "unavailable",
            Self::Overloaded { .. } => "overloaded",
            Self::Refused(_) => "refused",
        }
    }
}

/// What a database error means for an append.
pub(super) fn classify(error: sqlx::Error) -> AppendError {
    // No connection was to be had: nothing was sent.
    if matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) {
        return AppendError::Unavailable(Cause::new(error));
    }
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() {
        // unique_violation: the primary key or the command's index.
        Some("23505") => AppendError::Conflict,
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => AppendError::Repeat(Cause::new(error)),
        // lock_not_available, query_canceled (time-outs), read_only_sql_transaction
        Some("55P03" | "57014" | "25006") => AppendError::Unavailable(Cause::new(error)),
        // insufficient_resources (disk full, out of memory, too many connections),
        // system_error (the disk cannot be read or written)
        Some(code) if code.starts_with("53") || code.starts_with("58") => {
            AppendError::Unavailable(Cause::new(error))
        }
        _ if is_connection_error(&error) => AppendError::Unknown(Cause::new(error)),
        _ => AppendError::Refused(Cause::new(error)),
    }
}
