//! The order document as a fold of its published events: one function for
//! the read model, for rebuilds and for the answers of commands, so that the
//! three cannot differ.

use super::{
    document::{Cancellation, Note, Order},
    event::{After, OrderEvent, Placement, PlacementPersonal},
};
use crate::cloudevents::CloudEvent;

/// An event that does not follow the document it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The order begins with another event than this one.
    #[error("{event_type} (version {version}) comes before the order was placed")]
    NotPlaced {
        /// Type of the event.
        event_type: &'static str,
        /// Its version.
        version: i64,
    },
    /// The order exists already.
    #[error("{event_type} (version {version}) comes after the order was placed")]
    PlacedTwice {
        /// Type of the event.
        event_type: &'static str,
        /// Its version.
        version: i64,
    },
}

/// The document after one more event. The caller has checked that the event
/// is the next one: its version is the document's plus one.
pub fn apply(
    order: Option<Order>,
    envelope: &CloudEvent,
    event: OrderEvent,
) -> Result<Order, FoldError> {
    let (event_type, version) = (event.event_type(), envelope.sequence);
    let placement = match event {
        OrderEvent::Placed(e) => (e.order, e.personal, e.after),
        OrderEvent::Imported(e) => (e.order, e.personal, e.after),
        change => {
            let order = order.ok_or(FoldError::NotPlaced {
                event_type,
                version,
            })?;
            return Ok(changed(order, envelope, change));
        }
    };
    if order.is_some() {
        return Err(FoldError::PlacedTwice {
            event_type,
            version,
        });
    }
    let (placed, personal, after) = placement;
    Ok(first(placed, personal, &after, envelope))
}

fn first(
    placed: Placement,
    personal: PlacementPersonal,
    after: &After,
    envelope: &CloudEvent,
) -> Order {
    Order {
        id: placed.order_id,
        number: placed.number,
        version: after.version,
        platform: placed.platform,
        external_id: placed.external_id,
        kind: placed.kind,
        currency: placed.currency,
        status: after.status,
        payment_status: after.payment_status,
        fulfillment_status: after.fulfillment_status,
        return_status: after.return_status,
        customer: personal.customer,
        country: placed.country,
        billing_address: personal.billing_address,
        shipping_address: personal.shipping_address,
        lines: placed.lines,
        shipping: placed.shipping,
        totals: after.totals,
        payments: [],
        fulfillments: [],
        returns: [],
        holds: [],
        tags: placed.tags,
        notes: Vec::new(),
        cancellation: None,
        created_at: envelope.time,
        placed_at: placed.placed_at,
        updated_at: envelope.time,
    }
}

fn changed(mut order: Order, envelope: &CloudEvent, event: OrderEvent) -> Order {
    let after = event.after().clone();
    match event {
        OrderEvent::Cancelled(e) => {
            for line in &mut order.lines {
                line.cancelled_quantity = line.quantity;
            }
            order.cancellation = Some(Cancellation {
                reason: e.personal.reason,
                at: envelope.time,
            });
        }
        OrderEvent::NoteAdded(e) => order.notes.push(Note {
            id: e.note_id,
            text: e.personal.text,
            author: envelope.actor.clone(),
            at: envelope.time,
        }),
        OrderEvent::Placed(_) | OrderEvent::Imported(_) => {}
    }
    order.version = after.version;
    order.status = after.status;
    order.payment_status = after.payment_status;
    order.fulfillment_status = after.fulfillment_status;
    order.return_status = after.return_status;
    order.totals = after.totals;
    order.updated_at = envelope.time;
    order
}
