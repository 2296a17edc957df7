//! Saying that the order of a guest is that of a customer.

use crate::order::{
    command::LinkCustomer, event::OrderEvent, rejection::Rejection, state::Order, state::Stage,
};
use contracts::order::CustomerLinked;

/// Whatever became of the order: nothing that was agreed on changes, so editing
/// need not be open. A draft is edited as a draft.
pub fn decide(order: &Order, command: LinkCustomer) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.head()?;
    if order.stage == Stage::Draft {
        return Err(Rejection::OrderIsDraft);
    }
    match &head.customer_id {
        Some(id) if *id == *command.customer_id => Ok(Vec::new()),
        Some(id) => Err(Rejection::CustomerKnown {
            customer_id: id.clone(),
        }),
        None => {
            let customer_id = command.customer_id.into();
            Ok(vec![CustomerLinked { customer_id }.into()])
        }
    }
}
