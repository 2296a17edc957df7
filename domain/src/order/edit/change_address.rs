//! Sending goods or bill elsewhere.

use crate::{
    country::Country,
    order::{
        command::ChangeAddress, event::OrderEvent, placement::order_country, rejection::Rejection,
        state::Order,
    },
};
use contracts::{
    order::{AddressChanged, AddressKind},
    personal::Personal,
};

/// Before the first fulfilment. The order's country follows the shipping
/// address, else the billing address.
pub fn decide(order: &Order, command: ChangeAddress) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.editable()?;
    let country = command.address.country.as_ref();
    let address_country = country.map(Country::code).map(str::to_owned);
    let (shipping, billing) = match command.kind {
        AddressKind::Shipping => (&address_country, &head.billing_country),
        AddressKind::Billing => (&head.shipping_country, &address_country),
    };
    let country = order_country(shipping.as_deref(), billing.as_deref());
    let changed = AddressChanged {
        address: command.kind,
        address_country,
        country,
        personal: command.address.address.personal().map(Personal::Open),
    };
    Ok(vec![changed.into()])
}
