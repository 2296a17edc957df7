//! A loaded stream, folded.

use crate::log::StoredEvent;
use cqrs_es::Aggregate;
use uuid::Uuid;

/// The aggregate that `stream` leads to.
pub(super) fn fold<A: Aggregate>(stream: &[StoredEvent]) -> Result<A, serde_json::Error> {
    let mut aggregate = A::default();
    for stored in stream {
        aggregate.apply(serde_json::from_str(&stored.payload)?);
    }
    Ok(aggregate)
}

/// A command that is in the stream already.
pub(super) struct Found {
    /// How many events the stream had when the command had stored its own.
    pub length: usize,
    /// How many of them were its own.
    pub stored: usize,
    /// Hash of the payload that it came with.
    pub payload_hash: Option<String>,
}

/// Finds the command with this id.
pub(super) fn find(stream: &[StoredEvent], command_id: Uuid) -> Option<Found> {
    let index = stream
        .iter()
        .position(|e| e.metadata.command_id == Some(command_id))?;
    let metadata = &stream[index].metadata;
    let events: usize = metadata
        .command_events
        .as_deref()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let length = (index + events).min(stream.len());
    Some(Found {
        length,
        stored: length - index,
        payload_hash: metadata.payload_hash.clone(),
    })
}
