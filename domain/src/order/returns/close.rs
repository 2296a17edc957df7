//! Expecting nothing more of a return.

use super::wrong;
use crate::order::{
    command::CloseReturn, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::{ReturnClosed, ReturnState as Step};

/// Once goods came back, with or without money for them. What has not come
/// back can be returned otherwise. Closing a closed one changes nothing.
pub fn decide(order: &Order, command: CloseReturn) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    match returned.state {
        Step::Closed => Ok(Vec::new()),
        Step::Received | Step::Refunded => {
            let closed = ReturnClosed {
                return_id: returned.id.clone(),
                personal: personal::reason(command.reason),
            };
            Ok(vec![closed.into()])
        }
        _ => Err(wrong(returned, Step::Received)),
    }
}
