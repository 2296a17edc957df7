//! Calling an order off.

use super::{command::CancelOrder, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::order::Kind;

/// Cancelling a cancelled order changes nothing. Imported credits and
/// adjustments are facts: there is nothing to call off.
pub fn decide(order: &Order, command: CancelOrder) -> Result<Vec<OrderEvent>, Rejection> {
    let placed = order.placed.as_ref().ok_or(Rejection::OrderNotFound)?;
    if placed.kind != Kind::Order {
        return Err(Rejection::NotForKind { kind: placed.kind });
    }
    if order.cancelled {
        return Ok(Vec::new());
    }
    Ok(vec![OrderEvent::OrderCancelled {
        reason: command.reason.map(Into::into),
    }])
}
