//! Calling a whole order off.

use super::settlement;
use crate::order::{
    command::CancelOrder,
    event::OrderEvent,
    personal,
    rejection::Rejection,
    state::{Order, Stage},
};
use contracts::order::{Kind, OrderCancelled};

/// Needs no live fulfilment and no open return. Says which authorisations
/// are to be voided and what is to be refunded; neither happens by itself.
/// Cancelling a cancelled order changes nothing. A draft can be cancelled;
/// imported credits and adjustments are facts: there is nothing to call off.
pub fn decide(order: &Order, command: CancelOrder) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.head()?;
    if head.kind != Kind::Order {
        return Err(Rejection::NotForKind { kind: head.kind });
    }
    if order.stage == Stage::Cancelled {
        return Ok(Vec::new());
    }
    let fulfillments = order.live_fulfillments();
    if !fulfillments.is_empty() {
        return Err(Rejection::FulfillmentsLive { fulfillments });
    }
    let open = order.returns.iter().filter(|r| r.is_open());
    let returns: Vec<String> = open.map(|r| r.id.clone()).collect();
    if !returns.is_empty() {
        return Err(Rejection::ReturnsOpen { returns });
    }
    let cancelled = OrderCancelled {
        settlement: settlement::of_all(order),
        occurred_at: command.occurred_at,
        personal: personal::reason(command.reason),
    };
    Ok(vec![cancelled.into()])
}
