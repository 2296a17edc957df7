//! What the process managers know of an order.

use contracts::{
    CloudEvent,
    order::{Fact, OrderEvent, Snapshot},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of `process_orders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Order id.
    pub id: Uuid,
    /// The event that it was last changed by.
    pub version: i64,
    /// Epoch of the log that this event is of.
    pub epoch: i32,
    /// Slug of the sales channel.
    pub platform: String,
    /// Whether it is a fact from elsewhere.
    pub imported: bool,
    /// Events up to this version came with the import; 0: it was not imported.
    pub history_until: i64,
    /// When the log recorded that it was placed; none while it is a draft.
    pub placed_at: Option<OffsetDateTime>,
    /// Whether it is out of the way.
    pub archived: bool,
    /// Fulfilments that are being packed.
    pub open_fulfillments: i32,
}

/// An event that does not follow what is known of its order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Events are missing in between.
    #[error(
        "it is event {version} of the order, of which {known} are known: events are missing. \
         Stop every worker, set the offsets of the consumer group to the earliest ones, and start \
         again: what is known already has no effect"
    )]
    Gap {
        /// Version of the event.
        version: i64,
        /// Version of the row; 0 where there is none.
        known: i64,
    },
    /// The first event of an order makes no order.
    #[error("it is the first event of an order and makes none")]
    NotMade,
}

impl OrderRow {
    /// The row after the next event; none where the event has had its effect
    /// already.
    pub fn follow(
        known: Option<&Self>,
        envelope: &CloudEvent,
        event: &OrderEvent,
    ) -> Result<Option<Self>, Contradiction> {
        let version = envelope.sequence;
        match known.map_or(0, |row| row.version) {
            known if version <= known => return Ok(None),
            known if version > known + 1 => return Err(Contradiction::Gap { version, known }),
            _ => {}
        }
        let mut row = match known {
            Some(row) => row.clone(),
            None => Self::made(envelope, &event.fact).ok_or(Contradiction::NotMade)?,
        };
        row.version = version;
        row.epoch = envelope.position.at.epoch;
        row.note(envelope, &event.fact);
        Ok(Some(row))
    }

    fn made(envelope: &CloudEvent, fact: &Fact) -> Option<Self> {
        let order = snapshot(fact)?;
        let history = match fact {
            Fact::OrderImported(e) => Some(e.history),
            _ => None,
        };
        Some(Self {
            id: envelope.subject,
            version: 0,
            epoch: 0,
            platform: order.platform.clone(),
            imported: history.is_some(),
            history_until: history.map_or(0, |events| envelope.sequence + i64::from(events)),
            placed_at: None,
            archived: false,
            open_fulfillments: 0,
        })
    }

    fn note(&mut self, envelope: &CloudEvent, fact: &Fact) {
        if let Some(order) = snapshot(fact) {
            self.platform.clone_from(&order.platform);
        }
        match fact {
            Fact::OrderPlaced(_) | Fact::OrderImported(_) => self.placed_at = Some(envelope.time),
            Fact::OrderArchived(_) => self.archived = true,
            Fact::OrderUnarchived(_) => self.archived = false,
            Fact::FulfillmentCreated(_) => self.open_fulfillments += 1,
            Fact::FulfillmentShipped(_) | Fact::FulfillmentCancelled(_) => {
                self.open_fulfillments -= 1;
            }
            _ => {}
        }
    }
}

/// What the order consists of, where the event says so.
fn snapshot(fact: &Fact) -> Option<&Snapshot> {
    match fact {
        Fact::DraftCreated(e) => Some(&e.order),
        Fact::DraftUpdated(e) => Some(&e.order),
        Fact::OrderPlaced(e) => Some(&e.order),
        Fact::OrderImported(e) => Some(&e.order),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::rules::scene::{Scene, note, time};

    #[test]
    fn an_event_that_is_known_has_no_effect() {
        let mut scene = Scene::placed();
        let first = scene.record();
        scene.then(note());
        let row = scene.row.clone();
        let again = OrderRow::follow(Some(&row), &first.0, &first.1);
        assert_eq!(again, Ok(None));
    }

    #[test]
    fn missing_events_are_noticed() {
        let mut scene = Scene::placed();
        let before = scene.row.clone();
        scene.then(note());
        scene.then(note());
        let (envelope, event) = scene.record();
        assert_eq!(
            OrderRow::follow(Some(&before), &envelope, &event),
            Err(Contradiction::Gap {
                version: 3,
                known: 1
            })
        );
        let missing = Contradiction::Gap {
            version: 3,
            known: 0,
        };
        assert_eq!(OrderRow::follow(None, &envelope, &event), Err(missing));
    }

    #[test]
    fn a_draft_is_placed_when_it_is_completed() {
        let mut scene = Scene::draft();
        assert_eq!(scene.row.placed_at, None);
        scene.at(60).then_placed();
        assert_eq!(scene.row.placed_at, Some(time(60)));
    }
}
