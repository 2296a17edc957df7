//! Saying which order replaces the goods of a return.

use super::wrong;
use crate::order::{command::LinkExchange, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::order::{ReturnExchanged, ReturnState as Step};

/// One order per return; the same one again changes nothing. Not for a
/// return that was refused or called off.
pub fn decide(order: &Order, command: &LinkExchange) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    match returned.exchange {
        Some(other) if other == command.order_id => return Ok(Vec::new()),
        Some(exchange_order_id) => return Err(Rejection::ExchangeTaken { exchange_order_id }),
        None => {}
    }
    if matches!(returned.state, Step::Declined | Step::Cancelled) {
        return Err(wrong(returned, Step::Approved));
    }
    let exchanged = ReturnExchanged {
        return_id: returned.id.clone(),
        exchange_order_id: command.order_id,
    };
    Ok(vec![exchanged.into()])
}
