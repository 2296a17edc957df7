//! Whoever knows what exports hold: queries do, and workers ask them.

use super::wanted::Wanted;
use actix_web::web::Bytes;
use futures_util::{future::BoxFuture, stream::BoxStream};
use std::sync::{Arc, atomic::AtomicU64};
use time::OffsetDateTime;

/// Writes exports.
pub trait Source: Send + Sync {
    /// Begins to write one. What is written is what the streamed export of the same
    /// filters sends, packed, trailer included.
    fn open<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Opened, Failure>>;
}

/// A file that is being written.
pub struct Opened {
    /// Everything of the log up to here is in it.
    pub position: String,
    /// When that was.
    pub as_of: OffsetDateTime,
    /// About how many rows it will have.
    pub expected: Option<u64>,
    /// How many it has by now.
    pub rows: Arc<AtomicU64>,
    /// Its bytes, as fast as they are taken; dropped, the writing ends. An error is
    /// the last of them.
    pub pieces: BoxStream<'static, Result<Bytes, Failure>>,
}

/// Why there is no file, or no whole one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{why}")]
pub struct Failure {
    /// For operators.
    pub why: String,
    /// The kind of problem, for whoever asked.
    pub code: &'static str,
    /// Whether it will be the same next time.
    pub is_lasting: bool,
}
