//! Labelling an order.

use crate::order::{
    command::TagOrder, event::OrderEvent, placement::MAX_TAGS, rejection::Rejection, state::Order,
};
use contracts::order::Tagged;

/// A label that it has already changes nothing.
pub fn decide(order: &Order, command: TagOrder) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    let tag: String = command.tag.into();
    if order.tags.contains(&tag) {
        return Ok(Vec::new());
    }
    if order.tags.len() >= MAX_TAGS {
        return Err(Rejection::TooManyTags { limit: MAX_TAGS });
    }
    Ok(vec![Tagged { tag }.into()])
}
