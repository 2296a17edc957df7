//! What commands store.

use super::{bare, given, gone, history, key, lamp, price};
use crate::product::{ChangeProduct, Product, ProductCommand, ProductEvent, SaveProduct, decide};
use ProductCommand::{Archive, RemovePrice, Restore, SetPrice};
use serde_json::json;

/// Name of the event that the command leads to, and what it says has changed.
fn stored(product: &Product, command: impl Into<ProductCommand>) -> (String, Vec<String>) {
    match decide(product, command.into()).as_deref() {
        Ok([event]) => (event.name().to_owned(), event.change().changed.clone()),
        other => panic!("one event expected: {other:?}"),
    }
}

fn saved(changed: &[&str]) -> (String, Vec<String>) {
    let changed = changed.iter().map(|&name| name.to_owned()).collect();
    ("ProductSaved".to_owned(), changed)
}

fn nothing(product: &Product, command: impl Into<ProductCommand>) {
    assert_eq!(decide(product, command.into()), Ok(Vec::new()));
}

fn prices(product: &Product) -> serde_json::Value {
    json!(product.there().expect("there").prices)
}

#[test]
fn prices_are_kept_sorted_and_in_their_shortest_exact_form() {
    let product = given([lamp().into()]);
    let expected = json!([
        {"currency": "EUR", "unit_price": 2_200},
        {"currency": "GBP", "unit_price": "0.125"},
        {"platform": "web", "currency": "EUR", "unit_price": 1_999},
    ]);
    assert_eq!(prices(&product), expected);
}

#[test]
fn the_first_event_has_changed_nothing_and_the_next_ones_say_what() {
    let (product, events) = history([lamp().into()]);
    assert!(events[0].change().changed.is_empty());
    let heavier = SaveProduct {
        weight_grams: Some(1_300),
        tax_class: None,
        ..lamp()
    };
    assert_eq!(
        stored(&product, heavier),
        saved(&["weight_grams", "tax_class"])
    );
}

#[test]
fn what_is_there_already_stores_nothing() {
    let product = given([lamp().into()]);
    nothing(&product, lamp());
    nothing(&product, ChangeProduct::default());
    nothing(&product, Restore);
    let same = ChangeProduct {
        title: Some("Lamp".try_into().expect("valid")),
        prices: lamp().prices,
        ..ChangeProduct::default()
    };
    nothing(&product, same);
    nothing(&gone(), Archive);
}

#[test]
fn equal_prices_in_another_form_or_order_are_the_same() {
    let mut other = lamp();
    other.prices = Some(vec![
        price(None, "GBP", "0.1250"),
        price(Some("web"), "EUR", "19.990"),
        price(None, "EUR", "22.00"),
    ]);
    nothing(&given([lamp().into()]), other);
}

#[test]
fn saving_replaces_all_but_prices_that_it_does_not_name() {
    let product = given([lamp().into(), bare("LAMP-1").into()]);
    let kept = SaveProduct {
        prices: lamp().prices,
        ..bare("LAMP-1")
    };
    assert_eq!(product, given([kept.into()]));
    let none = SaveProduct {
        prices: Some(Vec::new()),
        ..bare("LAMP-1")
    };
    assert_eq!(stored(&product, none), saved(&["prices"]));
}

#[test]
fn a_change_takes_away_what_it_names_as_none_and_keeps_what_it_does_not_name() {
    let change = ChangeProduct {
        dimensions: Some(None),
        requires_shipping: Some(false),
        ..ChangeProduct::default()
    };
    let changed = given([lamp().into(), change.into()]);
    let expected = SaveProduct {
        dimensions: None,
        requires_shipping: false,
        ..lamp()
    };
    assert_eq!(changed, given([expected.into()]));
}

#[test]
fn a_single_price_is_set_replaced_and_removed() {
    let product = given([lamp().into()]);
    let new = SetPrice(price(Some("shop"), "GBP", "20"));
    assert_eq!(stored(&product, new.clone()), saved(&["prices"]));
    let with = given([lamp().into(), new.clone()]);
    assert_eq!(
        prices(&with)[2],
        json!({"platform": "shop", "currency": "GBP", "unit_price": 2_000})
    );
    nothing(&with, new.clone());
    let cheaper = given([
        lamp().into(),
        new,
        SetPrice(price(Some("shop"), "GBP", "18")),
    ]);
    assert_eq!(prices(&cheaper)[2]["unit_price"], 1_800);
    let gone = RemovePrice(key(Some("shop"), "GBP"));
    let without = given([
        lamp().into(),
        SetPrice(price(Some("shop"), "GBP", "18")),
        gone.clone(),
    ]);
    assert_eq!(without, product);
    nothing(&without, gone);
}

#[test]
fn an_archived_product_comes_back_as_it_was() {
    let product = given([lamp().into()]);
    let archived = ("ProductArchived".to_owned(), vec!["archived".to_owned()]);
    assert_eq!(stored(&product, Archive), archived);
    let (back, events) = history([lamp().into(), Archive, Restore]);
    assert_eq!(back, product);
    assert!(matches!(
        events.last(),
        Some(ProductEvent::ProductRestored(_))
    ));
}
