//! Refusing a return.

use super::wrong;
use crate::order::{
    command::DeclineReturn, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::{ReturnDeclined, ReturnState as Step};

/// Only one that was asked for. Refusing a refused one changes nothing.
pub fn decide(order: &Order, command: DeclineReturn) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    match returned.state {
        Step::Declined => Ok(Vec::new()),
        Step::Requested => {
            let declined = ReturnDeclined {
                return_id: returned.id.clone(),
                personal: personal::reason(command.reason),
            };
            Ok(vec![declined.into()])
        }
        _ => Err(wrong(returned, Step::Requested)),
    }
}
