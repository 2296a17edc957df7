//! Choosing another way of shipping.

use crate::order::{
    command::ChangeShipping,
    event::OrderEvent,
    personal,
    placement::{checked, placed_shipping},
    rejection::Rejection,
    state::Order,
};
use contracts::order::{Kind, ShippingChanged};

/// The choice that it has already changes nothing.
pub fn decide(order: &Order, command: ChangeShipping) -> Result<Vec<OrderEvent>, Rejection> {
    let included = order.editable()?.prices_include_tax;
    let shipping = placed_shipping(command.shipping, Kind::Order, included)
        .map_err(Rejection::of_shipping_alone)?;
    if order.shipping.as_ref() == Some(&shipping) {
        return Ok(Vec::new());
    }
    let changed = ShippingChanged {
        shipping,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![changed.into()])
}
