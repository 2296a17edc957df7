//! Importing an order that was placed elsewhere.

use super::{
    command::ImportOrder,
    event::{OrderEvent, Placement},
    placement::{checked, placement},
    rejection::Rejection,
    state::Order,
};
use contracts::order::Kind;

/// Importing an order again with equal content stores nothing.
pub fn decide(order: &Order, command: ImportOrder) -> Result<Vec<OrderEvent>, Rejection> {
    let adds_something = |q: i64| q > 0;
    if command.kind == Kind::Order
        && !command.order.lines.is_empty()
        && !command
            .order
            .lines
            .iter()
            .any(|l| adds_something(l.quantity))
    {
        return Err(Rejection::NoPositiveQuantity);
    }
    let placement = placement(command.order, command.kind)?;
    match &order.placed {
        None => checked(order, OrderEvent::OrderImported(Box::new(placement))),
        Some(placed) if placed.imported && same_content(&placed.origin, &placement) => {
            Ok(Vec::new())
        }
        Some(placed) if placed.imported => Err(Rejection::ImportDiffers {
            order_id: placed.origin.order_id,
        }),
        Some(placed) => Err(Rejection::ExternalIdTaken {
            order_id: placed.origin.order_id,
        }),
    }
}

/// Equal but for the number, which each attempt takes anew.
fn same_content(stored: &Placement, again: &Placement) -> bool {
    let again = Placement {
        number: stored.number.clone(),
        ..again.clone()
    };
    *stored == again
}
