//! Correcting where a parcel is.

use super::{must_be, tracking_of};
use crate::order::{
    command::UpdateTracking, event::OrderEvent, rejection::Rejection, state::Order,
};
use contracts::order::{FulfillmentState, TrackingUpdated};

/// Once it was shipped, also after it arrived.
pub fn decide(order: &Order, command: UpdateTracking) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let fulfillment = order.fulfillment(&command.fulfillment)?;
    if fulfillment.state != FulfillmentState::Delivered {
        must_be(fulfillment, FulfillmentState::Shipped)?;
    }
    let updated = TrackingUpdated {
        fulfillment_id: fulfillment.id.clone(),
        tracking: tracking_of(command.tracking),
    };
    Ok(vec![updated.into()])
}
