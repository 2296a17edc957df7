//! The stored form of the events, and what is published of it.

use super::{bare, history, key, lamp, price};
use crate::{
    order::ContractError,
    product::{Product, ProductCommand, ProductEvent, evolve},
};
use contracts::{product as published, whole::AfterVersion};
use std::fmt::Write;

/// Events as this release began to write them: what every later one reads.
const KEPT: &str = include_str!("../../../fixtures/product-events-1.ndjson");

fn course() -> Vec<ProductCommand> {
    vec![
        bare("LAMP-1").into(),
        lamp().into(),
        ProductCommand::SetPrice(price(Some("shop"), "JPY", "2500")),
        ProductCommand::RemovePrice(key(None, "GBP")),
        ProductCommand::Archive,
        ProductCommand::Restore,
    ]
}

/// Where this fails, an event is stored in another form than before. Add a
/// version with an upcaster; never change this file but by lines at its end.
#[test]
fn events_are_stored_as_they_were_when_the_format_began() {
    let (product, events) = history(course());
    let mut text = String::new();
    for event in &events {
        let payload = serde_json::to_string(event).expect("JSON");
        writeln!(text, "{payload}").expect("a text");
    }
    assert_eq!(text, KEPT, "{text}");
    let names: Vec<&str> = events.iter().map(ProductEvent::name).collect();
    let stored = names.iter().zip(KEPT.lines());
    let read = stored.map(|(name, line)| ProductEvent::decode((name, "1", line)));
    let read: Vec<ProductEvent> = read.collect::<Result<_, _>>().expect("readable");
    assert_eq!(read.iter().fold(Product::default(), evolve), product);
}

#[test]
fn moved_and_written_anew_are_the_same() {
    let (_, events) = history(course());
    for (version, event) in (1..).zip(events) {
        let payload = serde_json::to_string(&event).expect("JSON");
        let after = AfterVersion { version };
        let after_text = serde_json::to_string(&after).expect("JSON");
        let moved = ProductEvent::contract_data((event.name(), "1", &payload), &after_text);
        let fact = event.into();
        let told = published::ProductEvent { fact, after };
        let data = told.to_data().expect("JSON");
        assert_eq!(
            moved.expect("publishable"),
            (told.event_type(), data.clone())
        );
        let read = published::ProductEvent::from_data(told.event_type(), &data);
        assert_eq!(read.expect("readable"), told);
    }
}

#[test]
fn what_is_no_event_of_a_product_is_not_published() {
    let refused = published::ProductEvent::from_data("product.painted", b"{}");
    assert!(refused.is_err());
    let newer = ProductEvent::contract_data(("ProductSaved", "2", "{}"), "{}");
    assert!(matches!(newer, Err(ContractError::Version(_))));
}
