//! Recording that a fulfilment arrived.

use super::must_be;
use crate::order::{
    command::DeliverFulfillment, event::OrderEvent, rejection::Rejection, state::Order,
};
use contracts::order::{FulfillmentDelivered, FulfillmentState};

/// Only what was shipped. What arrived already changes nothing.
pub fn decide(order: &Order, command: &DeliverFulfillment) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let fulfillment = order.fulfillment(&command.fulfillment)?;
    if fulfillment.state == FulfillmentState::Delivered {
        return Ok(Vec::new());
    }
    must_be(fulfillment, FulfillmentState::Shipped)?;
    let delivered = FulfillmentDelivered {
        fulfillment_id: fulfillment.id.clone(),
        occurred_at: command.occurred_at,
    };
    Ok(vec![delivered.into()])
}
