//! Publishing the documents of a projection, as they are by now, to a compacted
//! topic: for readers who want state and not events.
//!
//! ```text
//!  batch, redrive ──> projection_changes          (in the transaction that writes the rows)
//!  another build, another topic ──> all ids, page by page ──┘
//!                          │ the publisher that leads
//!                          ▼
//!     documents as of now ──> one Kafka transaction ──> the changes are forgotten
//! ```
//!
//! The views and Kafka cannot commit together, so a document may be published
//! twice; what must not be is an older one after a newer one, or none at all:
//! - A change is forgotten only after a transaction that holds its document, or
//!   a later one, was committed.
//! - Of all projectors of a deployment one publishes, with a fixed transactional
//!   id: whoever initialises it last fences everybody before, and reads its
//!   first document after that. So what it reads is at least as new as whatever
//!   is published, since rows never go back in version, not by a switch either.
//! - It reads a page when the one before is committed.

mod leftovers;
mod metrics;
mod records;
mod run;
mod session;
mod store;

pub use run::spawn;
pub(super) use store::{note, note_those};

use contracts::topics::TopicSpec;

/// Documents of a projection, and where they are published.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Where to: as many partitions as the topic of events, by the same key.
    pub topic: TopicSpec,
    /// `ce_type` of its records.
    pub kind: &'static str,
    /// The largest record that the topic takes, in bytes.
    pub largest: u32,
    /// A table of the projection with the columns `id uuid` (its key),
    /// `version bigint`, `updated_at timestamptz` and `document text`.
    pub table: &'static str,
}

/// Transactional id and name of the lock, before the deployment's prefix.
fn name(projection: &str) -> String {
    format!("orderlog.publisher.{projection}")
}
