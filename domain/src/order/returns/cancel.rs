//! Calling a return off.

use super::{received, wrong};
use crate::order::{
    command::CancelReturn, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::{ReturnCancelled, ReturnState as Step};

/// Only before anything came back. Calling it off again changes nothing.
pub fn decide(order: &Order, command: CancelReturn) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    match returned.state {
        Step::Cancelled => Ok(Vec::new()),
        Step::Requested | Step::Approved => {
            let cancelled = ReturnCancelled {
                return_id: returned.id.clone(),
                personal: personal::reason(command.reason),
            };
            Ok(vec![cancelled.into()])
        }
        Step::Received | Step::Refunded | Step::Closed => Err(Rejection::ReturnBegun {
            received: received(returned),
        }),
        Step::Declined => Err(wrong(returned, Step::Requested)),
    }
}
