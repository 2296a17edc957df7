//! Placing an order.

use crate::order::{
    command::PlaceOrder,
    event::OrderEvent,
    placement::{checked, content},
    rejection::Rejection,
    state::Order,
};
use contracts::order::{ExchangeOf, Kind, OrderPlaced};

/// An order is placed once; a second command that leads to the same order is
/// another order under a taken external id.
pub fn decide(order: &Order, command: PlaceOrder) -> Result<Vec<OrderEvent>, Rejection> {
    if let Some(head) = &order.head {
        let order_id = head.order_id;
        return Err(Rejection::ExternalIdTaken { order_id });
    }
    let exchange_of = command.exchange_of.map(|(order_id, return_id)| ExchangeOf {
        order_id,
        return_id: return_id.into(),
    });
    let (snapshot, personal) = content(command.order, Kind::Order)?;
    let placed = OrderPlaced {
        order: snapshot,
        placed_at: command.placed_at,
        exchange_of,
        personal,
    };
    checked(order, vec![placed.into()])
}
