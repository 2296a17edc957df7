//! Letting nothing be shipped for now.

use crate::order::{
    command::PlaceHold, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::HoldPlaced;

/// Holds are a set: one that is on under the same handle changes nothing.
pub fn decide(order: &Order, command: PlaceHold) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let handle: Option<String> = command.handle.map(Into::into);
    if handle.is_some() && order.holds.iter().any(|h| h.handle == handle) {
        return Ok(Vec::new());
    }
    let placed = HoldPlaced {
        hold_id: format!("h{}", order.counters.holds + 1),
        handle,
        personal: personal::reason(Some(command.reason)),
    };
    Ok(vec![placed.into()])
}
