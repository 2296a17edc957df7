//! The orders that are placed by the product, and what happens to them.

use crate::workload::carry_out;
use command_api::Orders;
use contracts::order::Customer;
use domain::{
    money::Price,
    order::{
        OrderCommand,
        command::{
            AuthorizePayment, CapturePayment, CreateFulfillment, NewLine, NewOrder, NewShipping,
            PlaceOrder, Sum,
        },
    },
};
use infra::{
    clock,
    command::{Executor, Expected},
};
use time::macros::datetime;
use uuid::Uuid;

/// Products of the catalogue.
const PRODUCTS: usize = 4_000;
/// What happens to ten orders one after the other: they have so many events.
const EVENTS: [usize; 10] = [1, 2, 2, 2, 3, 3, 3, 3, 3, 4];
const PLATFORMS: [&str; 10] = [
    "web", "web", "shop", "web", "shop", "web", "phone", "web", "shop", "web",
];
const COUNTRIES: [&str; 5] = ["GB", "GB", "FR", "DE", "US"];
const MATERIALS: [&str; 8] = [
    "brass", "linen", "walnut", "enamel", "ceramic", "woven", "vintage", "painted",
];
const THINGS: [&str; 25] = [
    "lantern", "teapot", "cushion", "clock", "basket", "mirror", "blanket", "drawer", "kettle",
    "candle", "doormat", "hook", "jug", "lamp", "notebook", "pillow", "quilt", "ribbon", "saucer",
    "tray", "umbrella", "vase", "whistle", "bunting", "apron",
];

/// A word that one of 25 products has in its name, mistyped.
pub const MISTYPED: &str = "lanturn";

/// Places order number `number`, and has happen to it what happens to it.
pub async fn through(executor: &Executor<Orders>, number: usize) -> anyhow::Result<()> {
    let id = clock::new_id();
    let (order, total) = order(id, number)?;
    let order = PlaceOrder {
        order,
        placed_at: datetime!(2004-02-29 12:34:56 UTC),
        exchange_of: None,
    };
    carry_out(executor, id, order.into(), Expected::Absent).await?;
    let following = following(total)?;
    for command in following.into_iter().take(EVENTS[number % 10] - 1) {
        carry_out(executor, id, command, Expected::Unknown).await?;
    }
    Ok(())
}

/// What happens to an order that costs so much: an event each.
fn following(total: i64) -> anyhow::Result<[OrderCommand; 3]> {
    let authorized = AuthorizePayment {
        sum: Sum {
            amount: total,
            currency: None,
        },
        provider: Some("cards".try_into()?),
        reference: None,
    };
    let captured = CapturePayment {
        payment: "p1".try_into()?,
        amount: None,
        currency: None,
        pending: false,
        occurred_at: None,
    };
    let packed = CreateFulfillment { lines: Vec::new() };
    Ok([authorized.into(), captured.into(), packed.into()])
}

/// Order number `number`, and what it costs.
fn order(id: Uuid, number: usize) -> anyhow::Result<(NewOrder, i64)> {
    let lines = (0..=number / 10 % 5).map(|line| product(number * 7 + line * 1_009));
    let lines = lines.collect::<anyhow::Result<Vec<_>>>()?;
    let prices = lines.iter().map(|(line, price)| line.quantity * price);
    let shipping = NewShipping {
        method: "standard".try_into()?,
        name: "Standard delivery".try_into()?,
        amount: 399,
        tax: 0,
        quote: None,
    };
    let total = prices.sum::<i64>() + shipping.amount;
    let currency = if number % 4 == 3 { "EUR" } else { "GBP" };
    let order = NewOrder {
        order_id: id,
        number: "N-0000000000".into(),
        platform: PLATFORMS[number % 10].try_into()?,
        external_id: None,
        currency: currency.parse()?,
        prices_include_tax: false,
        customer: Some(Customer {
            id: Some("customer-000000".into()),
            name: None,
            email: None,
        }),
        lines: lines.into_iter().map(|(line, _)| line).collect(),
        shipping: Some(shipping),
        billing_address: None,
        shipping_address: None,
        tags: Vec::new(),
        country: Some(COUNTRIES[number % 5].to_owned().try_into()?),
    };
    Ok((order, total))
}

/// A line with a product of the catalogue, and the price of one.
fn product(number: usize) -> anyhow::Result<(NewLine, i64)> {
    let number = number % PRODUCTS;
    let (material, thing) = (
        number / THINGS.len() % MATERIALS.len(),
        number % THINGS.len(),
    );
    let name = format!(
        "{} {}, size {}",
        MATERIALS[material],
        THINGS[thing],
        number / 200
    );
    let price = 250 + i64::try_from(number)?;
    let line = NewLine {
        sku: sku(number).as_str().try_into()?,
        name: name.as_str().try_into()?,
        quantity: 1 + i64::try_from(number % 3)?,
        unit_price: Price::Minor(price),
        tax: 0,
        discount: 0,
    };
    Ok((line, price))
}

/// The SKU of product number `number`.
pub fn sku(number: usize) -> String {
    format!("{}B", 20_000 + number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn orders_have_several_events_and_lines() {
        let events: usize = EVENTS.iter().sum();
        assert_eq!(events, 26, "of ten orders");
        let following = following(1).expect("commands").len();
        assert!(
            EVENTS
                .iter()
                .all(|events| (1..=1 + following).contains(events))
        );
        let lines = |number| order(Uuid::nil(), number).expect("sound").0.lines;
        let counts: BTreeSet<usize> = (0..50).map(|number| lines(number).len()).collect();
        assert_eq!(counts, (1..=5).collect());
        assert_eq!(&*lines(0)[0].sku, sku(0));
    }

    #[test]
    fn what_an_order_costs_is_what_its_lines_and_shipping_do() {
        let (order, total) = order(Uuid::nil(), 1_234).expect("sound");
        let lines = order.lines.iter().map(|line| match line.unit_price {
            Price::Minor(price) => line.quantity * price,
            Price::Major { .. } => panic!("a price in major units"),
        });
        assert_eq!(total, lines.sum::<i64>() + 399);
    }

    #[test]
    fn a_mistyped_word_is_one_that_products_have() {
        let thing = THINGS[0];
        assert_eq!(thing.len(), MISTYPED.len());
        let other = thing.bytes().zip(MISTYPED.bytes()).filter(|(a, b)| a != b);
        assert_eq!(other.count(), 1);
    }
}
