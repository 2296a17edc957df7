//! The log, for what no projection keeps.

use crate::live::FeedError;
use infra::{
    epoch::Guard,
    http::Problem,
    log::{ContractMapping, LogHints, LogReader},
    sealing::{OpenError, Sealing},
};
use std::sync::Arc;

/// Kind of the aggregates that are published.
pub const ORDER: &str = "order";

/// What queries read the log with. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    /// The one reader.
    pub reader: LogReader,
    /// From stored to published events.
    pub mapping: Arc<dyn ContractMapping>,
    /// Opens personal data.
    pub sealing: Sealing,
    guard: Guard,
}

impl Log {
    /// A log that somebody else guards ([`Guard::watch`]).
    pub fn new(
        reader: LogReader,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
        guard: Guard,
    ) -> Self {
        Self {
            reader,
            mapping,
            sealing,
            guard,
        }
    }

    /// Begins to listen for hints that it has grown.
    pub fn hints(&self) -> LogHints {
        self.reader.hints()
    }

    /// Whether the log may be read, by what its guard remembers.
    ///
    /// # Errors
    /// 503 where it was restored, and no new epoch has begun.
    pub fn usable(&self) -> Result<(), Problem> {
        match self.guard.refused() {
            None => Ok(()),
            Some(error) => Err(Problem::log_restored(&error)),
        }
    }
}

/// Why personal data was not opened: 503 where the keys are away, otherwise 500.
pub fn closed(error: &OpenError) -> Problem {
    match error {
        OpenError::Unavailable(_) => Problem::unavailable(1).caused_by(error),
        OpenError::Event { .. } => Problem::internal(error),
    }
}

/// Why events were not read.
pub fn unread(error: &FeedError) -> Problem {
    match error {
        FeedError::Database(error) => Problem::database(error),
        FeedError::Refused => Problem::unavailable(10),
        FeedError::Closed(error) => closed(error),
        error => Problem::internal(error),
    }
}
