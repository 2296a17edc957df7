//! Placing an order.

use super::{
    command::PlaceOrder,
    event::OrderEvent,
    placement::{checked, placement},
    rejection::Rejection,
    state::Order,
};
use contracts::order::Kind;

/// An order is placed once; a second command that leads to the same order is
/// another order under a taken external id.
pub fn decide(order: &Order, command: PlaceOrder) -> Result<Vec<OrderEvent>, Rejection> {
    if let Some(placed) = &order.placed {
        return Err(Rejection::ExternalIdTaken {
            order_id: placed.origin.order_id,
        });
    }
    let placement = placement(command.0, Kind::Order)?;
    checked(order, OrderEvent::OrderPlaced(Box::new(placement)))
}
