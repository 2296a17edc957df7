//! The rules of the product: tables of what is stored and what is refused,
//! properties of any commands, and the stored form of its events.

mod many;
mod pricing;
mod properties;
mod refusals;
mod saving;
mod stored;

use super::{
    NewPrice, PriceKey, Product, ProductCommand, ProductEvent, SaveProduct, decide, evolve,
};
use crate::money::Price;
use contracts::product::Dimensions;

/// A product of which everything is said.
fn lamp() -> SaveProduct {
    SaveProduct {
        weight_grams: Some(1_250),
        dimensions: Some(Dimensions {
            length_mm: 300,
            width_mm: 200,
            height_mm: 150,
        }),
        tax_class: Some("reduced".try_into().expect("valid")),
        prices: Some(vec![
            price(Some("web"), "EUR", "19.99"),
            price(None, "EUR", "22"),
            price(None, "GBP", "0.125"),
        ]),
        ..bare("LAMP-1")
    }
}

/// One of which nothing is said, its prices neither.
fn bare(sku: &str) -> SaveProduct {
    SaveProduct {
        sku: sku.try_into().expect("valid"),
        title: "Lamp".try_into().expect("valid"),
        weight_grams: None,
        dimensions: None,
        tax_class: None,
        requires_shipping: true,
        prices: None,
    }
}

/// A price in major units.
fn price(platform: Option<&str>, currency: &str, major: &str) -> NewPrice {
    let unit_price: Price = major.parse().expect("a price");
    NewPrice {
        key: key(platform, currency),
        unit_price,
    }
}

fn key(platform: Option<&str>, currency: &str) -> PriceKey {
    PriceKey {
        platform: platform.map(|slug| slug.try_into().expect("a slug")),
        currency: currency.parse().expect("known"),
    }
}

/// The product after these commands, all of them accepted, and the events that
/// they led to.
fn history(commands: impl IntoIterator<Item = ProductCommand>) -> (Product, Vec<ProductEvent>) {
    let mut product = Product::default();
    let mut events = Vec::new();
    for command in commands {
        let name = format!("{command:?}");
        let new = decide(&product, command).unwrap_or_else(|e| panic!("{e:?} for {name}"));
        product = new.iter().fold(product, evolve);
        events.extend(new);
    }
    (product, events)
}

fn given(commands: impl IntoIterator<Item = ProductCommand>) -> Product {
    history(commands).0
}

/// Archived.
fn gone() -> Product {
    given([lamp().into(), ProductCommand::Archive])
}
