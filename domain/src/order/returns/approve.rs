//! Allowing a return.

use super::wrong;
use crate::order::{
    command::ApproveReturn, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::{ReturnApproved, ReturnState as Step};

/// Only one that was asked for. Allowing an allowed one changes nothing.
pub fn decide(order: &Order, command: ApproveReturn) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    match returned.state {
        Step::Approved => Ok(Vec::new()),
        Step::Requested => {
            let approved = ReturnApproved {
                return_id: returned.id.clone(),
                personal: personal::reason(command.reason),
            };
            Ok(vec![approved.into()])
        }
        _ => Err(wrong(returned, Step::Requested)),
    }
}
