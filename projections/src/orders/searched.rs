//! What an order is searched by.

use contracts::{
    order::{Address, Order},
    personal::ERASED,
};
use infra::views::words::words;
use std::collections::BTreeSet;

/// Most words of one order: those of its first lines, where it has more.
const MOST: usize = 4_000;

/// The words of its numbers, customer, addresses and lines; none of what was
/// erased.
pub fn searched(order: &Order) -> BTreeSet<String> {
    let customer = order.customer.iter();
    let customer = customer.flat_map(|c| [&c.id, &c.name, &c.email]);
    let addresses = [&order.shipping_address, &order.billing_address];
    let addresses = addresses.into_iter().flatten().flat_map(address);
    let optional = customer.chain(addresses).chain([&order.external_id]);
    let lines = order.lines.iter().flat_map(|l| [&l.sku, &l.name]);
    let texts = [&order.number].into_iter();
    let texts = texts.chain(optional.flatten()).chain(lines);
    let mut found = BTreeSet::new();
    for word in texts.filter(|text| *text != ERASED).flat_map(|t| words(t)) {
        if found.len() == MOST {
            break;
        }
        found.insert(word);
    }
    found
}

const fn address(address: &Address) -> [&Option<String>; 8] {
    [
        &address.name,
        &address.company,
        &address.line1,
        &address.line2,
        &address.city,
        &address.region,
        &address.postal_code,
        &address.phone,
    ]
}
