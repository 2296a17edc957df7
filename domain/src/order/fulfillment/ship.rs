//! Sending a fulfilment off.

use super::{must_be, tracking_of};
use crate::order::{
    command::ShipFulfillment, event::OrderEvent, personal, pricing::overflow, rejection::Rejection,
    state::Order, status,
};
use contracts::order::{FulfillmentShipped, FulfillmentState};

/// Not while a hold is on. What is neither paid nor authorised in full only
/// if the platform allows it, or by force, with a reason.
pub fn decide(order: &Order, command: ShipFulfillment) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let fulfillment = order.fulfillment(&command.fulfillment)?;
    must_be(fulfillment, FulfillmentState::Open)?;
    if !order.holds.is_empty() {
        let holds = order.holds.iter().map(|h| h.id.clone());
        let holds = holds.collect();
        return Err(Rejection::OnHold { holds });
    }
    if command.force && command.reason.is_none() {
        return Err(Rejection::ReasonRequired);
    }
    let unpaid = unpaid(order)?;
    if let Some(rejection) = unpaid.clone()
        && !command.allow_unpaid
        && !command.force
    {
        return Err(rejection);
    }
    let shipped = FulfillmentShipped {
        fulfillment_id: fulfillment.id.clone(),
        tracking: tracking_of(command.tracking),
        forced: command.force && unpaid.is_some() && !command.allow_unpaid,
        occurred_at: command.occurred_at,
        personal: personal::reason(command.reason),
    };
    Ok(vec![shipped.into()])
}

/// What is missing of the money: what was captured and kept, and what can
/// still be captured, has to cover what the order costs.
fn unpaid(order: &Order) -> Result<Option<Rejection>, Rejection> {
    let totals = status::totals(order).map_err(overflow)?;
    let kept =
        i128::from(totals.captured) - i128::from(totals.refunded) - i128::from(totals.charged_back);
    let authorized: i128 = order
        .payments
        .iter()
        .map(|p| i128::from(p.capturable()) + i128::from(p.capturing))
        .sum();
    let (covered, needed) = (kept + authorized, totals.total - totals.credited);
    if covered >= i128::from(needed) {
        return Ok(None);
    }
    let covered = i64::try_from(covered).unwrap_or(i64::MIN);
    Ok(Some(Rejection::Unpaid { covered, needed }))
}
