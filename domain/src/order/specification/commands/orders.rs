//! New orders and what they consist of.

use super::id;
use crate::{
    money::Price,
    order::{OrderCommand, command::*},
};
use contracts::order::{Address, Customer, Kind};
use time::OffsetDateTime;
use uuid::Uuid;

pub const ORDER: Uuid = Uuid::from_u128(1);

pub fn line(quantity: i64, price: &str) -> NewLine {
    priced(quantity, price.parse().expect("a price"))
}

pub fn priced(quantity: i64, unit_price: Price) -> NewLine {
    NewLine {
        sku: id("A"),
        name: "Lamp".try_into().expect("a name"),
        quantity,
        unit_price,
        tax: 0,
        discount: 0,
    }
}

pub fn taxed(quantity: i64, price: &str, discount: i64, tax: i64) -> NewLine {
    NewLine {
        tax,
        discount,
        ..line(quantity, price)
    }
}

pub fn order(lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        country: None,
        order_id: ORDER,
        number: "1001".into(),
        platform: "web".try_into().expect("a slug"),
        external_id: None,
        currency: "GBP".parse().expect("known"),
        prices_include_tax: false,
        customer: None,
        lines,
        shipping: None,
        billing_address: None,
        shipping_address: None,
        tags: Vec::new(),
    }
}

pub fn place_order(order: NewOrder) -> OrderCommand {
    let placed_at = OffsetDateTime::UNIX_EPOCH;
    PlaceOrder {
        order,
        placed_at,
        exchange_of: None,
    }
    .into()
}

pub fn place(lines: Vec<NewLine>) -> OrderCommand {
    place_order(order(lines))
}

/// Three lamps for 10.00 and two for 5.00: 40.00 in all.
pub fn placed() -> OrderCommand {
    place(vec![line(3, "10"), line(2, "5")])
}

pub fn import_order(order: NewOrder, kind: Kind, history: History) -> OrderCommand {
    let placed_at = OffsetDateTime::UNIX_EPOCH;
    ImportOrder {
        order,
        placed_at,
        kind,
        history,
    }
    .into()
}

pub fn import(kind: Kind, lines: Vec<NewLine>) -> OrderCommand {
    import_order(order(lines), kind, History::default())
}

pub fn shipping(amount: i64, tax: i64) -> NewShipping {
    NewShipping {
        method: id("std"),
        name: "Standard".try_into().expect("a name"),
        amount,
        tax,
        quote: None,
    }
}

pub fn address(city: &str, country: &str) -> NewAddress {
    NewAddress {
        address: Address {
            city: Some(city.into()),
            ..Address::default()
        },
        country: Some(country.to_owned().try_into().expect("a country")),
    }
}

pub fn customer(id: &str) -> Customer {
    Customer {
        id: Some(id.into()),
        name: Some("Ada".into()),
        email: None,
    }
}

pub fn draft(lines: Vec<NewLine>) -> OrderCommand {
    CreateDraft(order(lines)).into()
}

pub fn complete() -> OrderCommand {
    let placed_at = OffsetDateTime::UNIX_EPOCH;
    CompleteDraft { placed_at }.into()
}

pub fn confirm() -> OrderCommand {
    ConfirmOrder { reason: None }.into()
}
