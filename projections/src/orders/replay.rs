//! What the log alone makes of one order, for whoever holds the stored rows
//! against it.

use super::{Movement, MovementId, OrderChanges, OrderRow, fold};
use crate::engine::{BoxError, Event};
use contracts::order::OrderEvent;
use infra::log::PublishedEvent;
use std::collections::BTreeMap;

/// An order, folded from its first event.
#[derive(Debug)]
pub struct Replayed {
    /// Its row.
    pub row: OrderRow,
    /// What its events moved.
    pub movements: BTreeMap<MovementId, Movement>,
}

/// Folds the events of one order; none of no events.
///
/// # Errors
/// Where an event cannot be read, or does not follow those before it.
pub fn replay(events: &[PublishedEvent]) -> Result<Option<Replayed>, BoxError> {
    let (mut row, mut changes) = (None, OrderChanges::default());
    for published in events {
        row = Some(fold::apply(row, &read(published)?, &mut changes)?);
    }
    Ok(row.map(|row| Replayed {
        row,
        movements: changes.movements.made,
    }))
}

fn read(published: &PublishedEvent) -> Result<Event<OrderEvent>, BoxError> {
    let PublishedEvent { envelope, data, .. } = published;
    Ok(Event {
        data: OrderEvent::from_data(&envelope.event_type, data)?,
        envelope: envelope.clone(),
        raw: data.clone(),
    })
}
