//! Accepting an order.

use crate::order::{
    command::ConfirmOrder, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::OrderConfirmed;

/// Confirming a confirmed order changes nothing.
pub fn decide(order: &Order, command: ConfirmOrder) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    if order.confirmed {
        return Ok(Vec::new());
    }
    let personal = personal::reason(command.reason);
    Ok(vec![OrderConfirmed { personal }.into()])
}
