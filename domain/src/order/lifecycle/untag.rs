//! Taking a label off.

use crate::order::{command::UntagOrder, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::order::Untagged;

/// A label that it does not have changes nothing.
pub fn decide(order: &Order, command: UntagOrder) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    let tag: String = command.tag.into();
    if !order.tags.contains(&tag) {
        return Ok(Vec::new());
    }
    Ok(vec![Untagged { tag }.into()])
}
