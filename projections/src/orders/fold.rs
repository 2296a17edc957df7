//! One event onto one order. Pure.

use super::statistics::Statistics;
use crate::engine::Event;
use contracts::order::{self, Order, OrderEvent, TimelineEntry};
use std::collections::BTreeMap;
use uuid::Uuid;

/// State of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The document.
    pub order: Order,
    /// Partition of its events.
    pub partition: i32,
    /// Whether the stored lines are other ones.
    pub lines_changed: bool,
}

/// What a batch changes beside the orders themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderChanges {
    /// History entries (JSON of [`TimelineEntry`]) by order and version.
    pub timeline: BTreeMap<(Uuid, i64), String>,
    /// Differences of the daily sums.
    pub statistics: Statistics,
}

/// An event that does not make sense where it stands.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// It does not follow the document.
    #[error(transparent)]
    Order(#[from] order::FoldError),
    /// Envelope and data name different versions.
    #[error("event {sequence} says that it makes version {after}")]
    Version {
        /// `ce_sequence`.
        sequence: i64,
        /// `after.version`.
        after: i64,
    },
    /// The data is not JSON.
    #[error("the history entry cannot be made")]
    Entry(#[from] serde_json::Error),
}

/// The order after its next event; its old contribution to the sums is
/// counted out, its new one in.
pub fn apply(
    row: Option<OrderRow>,
    event: &Event<OrderEvent>,
    changes: &mut OrderChanges,
) -> Result<OrderRow, FoldError> {
    let (sequence, after) = (event.envelope.sequence, event.data.after().version);
    if sequence != after {
        return Err(FoldError::Version { sequence, after });
    }
    if let Some(old) = &row {
        changes.statistics.subtract(&old.order, old.partition);
    }
    let lines_changed = row.as_ref().is_some_and(|row| row.lines_changed) || changes_lines(event);
    let order = order::apply(
        row.map(|row| row.order),
        &event.envelope,
        event.data.clone(),
    )?;
    let partition = event.envelope.position.partition;
    changes.statistics.add(&order, partition);
    changes
        .timeline
        .insert((event.envelope.subject, sequence), entry(event)?);
    Ok(OrderRow {
        order,
        partition,
        lines_changed,
    })
}

const fn changes_lines(event: &Event<OrderEvent>) -> bool {
    !matches!(event.data, OrderEvent::NoteAdded(_))
}

fn entry(event: &Event<OrderEvent>) -> Result<String, serde_json::Error> {
    let envelope = &event.envelope;
    serde_json::to_string(&TimelineEntry {
        id: envelope.id,
        event_type: envelope.event_type.clone(),
        version: envelope.sequence,
        time: envelope.time,
        actor: envelope.actor.clone(),
        correlation_id: envelope.correlation_id.clone(),
        causation_id: envelope.causation_id.clone(),
        traceparent: envelope.traceparent.clone(),
        data: serde_json::from_slice(&event.raw)?,
    })
}
