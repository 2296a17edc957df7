//! Putting an order out of the way.

use crate::order::{
    command::ArchiveOrder,
    event::OrderEvent,
    personal,
    rejection::Rejection,
    state::{Order, Stage},
};
use contracts::order::OrderArchived;

/// Any order but a draft; archiving an archived one changes nothing.
pub fn decide(order: &Order, command: ArchiveOrder) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    if order.stage == Stage::Draft {
        return Err(Rejection::OrderIsDraft);
    }
    if order.archived {
        return Ok(Vec::new());
    }
    let personal = personal::reason(command.reason);
    Ok(vec![OrderArchived { personal }.into()])
}
