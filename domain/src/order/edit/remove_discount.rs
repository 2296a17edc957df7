//! Taking a discount back.

use crate::order::{
    command::RemoveDiscount,
    event::OrderEvent,
    personal,
    placement::checked,
    pricing,
    rejection::{Part, Rejection},
    state::Order,
};
use contracts::order::{Discount, DiscountRemoved};

/// The others are worked out anew: each is on what the earlier ones leave.
pub fn decide(order: &Order, command: RemoveDiscount) -> Result<Vec<OrderEvent>, Rejection> {
    order.editable()?;
    let id: &str = &command.discount;
    let others = order.discounts.iter().filter(|d| d.id != id);
    let others: Vec<Discount> = others.cloned().collect();
    if others.len() == order.discounts.len() {
        return Err(Rejection::no_such(Part::Discount, id, None));
    }
    let removed = DiscountRemoved {
        discount_id: id.to_owned(),
        discounts: pricing::discounts(&order.lines, &others)?,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![removed.into()])
}
