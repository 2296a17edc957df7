//! Bringing an archived order back.

use crate::order::{
    command::UnarchiveOrder, event::OrderEvent, personal, rejection::Rejection, state::Order,
};
use contracts::order::OrderUnarchived;

/// An order that is not archived stays as it is.
pub fn decide(order: &Order, command: UnarchiveOrder) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    if !order.archived {
        return Ok(Vec::new());
    }
    let personal = personal::reason(command.reason);
    Ok(vec![OrderUnarchived { personal }.into()])
}
