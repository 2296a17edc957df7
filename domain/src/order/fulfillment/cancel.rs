//! Unpacking a fulfilment.

use super::must_be;
use crate::order::{
    command::CancelFulfillment, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::{FulfillmentCancelled, FulfillmentState};

/// Only before it is shipped; its goods can be fulfilled anew. Unpacking an
/// unpacked one changes nothing.
pub fn decide(order: &Order, command: CancelFulfillment) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let fulfillment = order.fulfillment(&command.fulfillment)?;
    if fulfillment.state == FulfillmentState::Cancelled {
        return Ok(Vec::new());
    }
    must_be(fulfillment, FulfillmentState::Open)?;
    let cancelled = FulfillmentCancelled {
        fulfillment_id: fulfillment.id.clone(),
        personal: personal::reason(command.reason),
    };
    Ok(vec![cancelled.into()])
}
