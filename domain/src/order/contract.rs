//! From domain events to the published contract.

use super::{
    event::{Line, OrderEvent, Placement, Shipping},
    state::{Order, evolve},
    status,
};
use crate::money::Overflow;
use contracts::order::{self as published, After};

/// A stored event that cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The payload is not an event of this domain.
    #[error("the payload is not a known event")]
    Payload(#[source] serde_json::Error),
    /// The stored `after` cannot be read.
    #[error("the stored state after the event cannot be read")]
    After(#[source] serde_json::Error),
    /// The order's sums do not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Reads a stored payload.
pub fn decode(payload: &str) -> Result<OrderEvent, ContractError> {
    serde_json::from_str(payload).map_err(ContractError::Payload)
}

/// One event as it is published, with `after` as it was stored (JSON text).
pub fn contract_event(payload: &str, after: &str) -> Result<published::OrderEvent, ContractError> {
    let after = serde_json::from_str(after).map_err(ContractError::After)?;
    Ok(publish(decode(payload)?, after))
}

/// All events of one order, from the first on, with `after` derived again.
pub fn contract_stream<'a>(
    payloads: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<published::OrderEvent>, ContractError> {
    let mut order = Order::default();
    let mut events = Vec::new();
    for (version, payload) in (1..).zip(payloads) {
        let event = decode(payload)?;
        order = evolve(order, &event);
        events.push(publish(event, status::after(&order, version)?));
    }
    Ok(events)
}

fn publish(event: OrderEvent, after: After) -> published::OrderEvent {
    match event {
        OrderEvent::OrderPlaced(placement) => {
            let (order, personal) = split(*placement);
            published::OrderEvent::Placed(published::OrderPlaced {
                order,
                personal,
                after,
            })
        }
        OrderEvent::OrderImported(placement) => {
            let (order, personal) = split(*placement);
            published::OrderEvent::Imported(published::OrderImported {
                order,
                personal,
                after,
            })
        }
        OrderEvent::OrderCancelled { reason } => {
            published::OrderEvent::Cancelled(published::OrderCancelled {
                personal: published::CancelledPersonal { reason },
                after,
            })
        }
        OrderEvent::NoteAdded { id, text } => {
            published::OrderEvent::NoteAdded(published::NoteAdded {
                note_id: id,
                personal: published::NotePersonal { text },
                after,
            })
        }
    }
}

/// What everybody may see, and what is personal.
fn split(placement: Placement) -> (published::Placement, published::PlacementPersonal) {
    let customer_id = placement.customer.as_ref().and_then(|c| c.id.clone());
    let order = published::Placement {
        order_id: placement.order_id,
        number: placement.number,
        platform: placement.platform,
        external_id: placement.external_id,
        kind: placement.kind,
        currency: placement.currency.into(),
        customer_id,
        country: placement.country,
        lines: placement.lines.into_iter().map(line).collect(),
        shipping: placement.shipping.map(shipping),
        tags: placement.tags,
        placed_at: placement.placed_at,
    };
    let personal = published::PlacementPersonal {
        customer: placement.customer,
        billing_address: placement.billing_address,
        shipping_address: placement.shipping_address,
    };
    (order, personal)
}

fn line(line: Line) -> published::Line {
    published::Line {
        id: line.id,
        sku: line.sku,
        name: line.name,
        quantity: line.quantity,
        cancelled_quantity: 0,
        unit_price: line.price.into(),
        amount: line.amount,
        discount: line.discount,
        tax: line.tax,
    }
}

fn shipping(shipping: Shipping) -> published::Shipping {
    published::Shipping {
        method: shipping.method,
        name: shipping.name,
        amount: shipping.amount,
        tax: shipping.tax,
    }
}
