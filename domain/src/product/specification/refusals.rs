//! Every code that a refusal can have, produced by a command: with the status
//! it stands for, the place in the body it names, and its figures.

use super::{bare, given, gone, key, lamp, price};
use crate::{
    order::RejectionKind,
    product::{
        ChangeProduct, NewPrice, Product, ProductCommand, Rejection, SaveProduct,
        content::{MAX_PRICES, MAX_SIDE, MAX_WEIGHT},
        decide,
    },
};
use ProductCommand::{Archive, RemovePrice, Restore, SetPrice};
use contracts::product::Dimensions;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Row = (ProductCommand, &'static str, &'static str, Value);

fn weighing(grams: i64) -> ProductCommand {
    let save = SaveProduct {
        weight_grams: Some(grams),
        ..lamp()
    };
    save.into()
}

fn sized(length_mm: i64, width_mm: i64, height_mm: i64) -> ProductCommand {
    let change = ChangeProduct {
        dimensions: Some(Some(Dimensions {
            length_mm,
            width_mm,
            height_mm,
        })),
        ..ChangeProduct::default()
    };
    change.into()
}

fn priced(prices: Vec<NewPrice>) -> ProductCommand {
    let save = SaveProduct {
        prices: Some(prices),
        ..lamp()
    };
    save.into()
}

/// So many prices, each for another platform.
fn prices(count: usize) -> Vec<NewPrice> {
    let slugs = (0..count).map(|n| format!("p{n}"));
    slugs.map(|slug| price(Some(&slug), "EUR", "1")).collect()
}

fn rows() -> Vec<Row> {
    let (heavy, long) = (MAX_WEIGHT + 1, MAX_SIDE + 1);
    let weight = |grams: i64| json!({"weight_grams": grams, "limit": MAX_WEIGHT});
    let side = |length: i64| json!({"millimetres": length, "limit": MAX_SIDE});
    let twice = vec![
        price(None, "EUR", "1"),
        price(Some("web"), "EUR", "1"),
        price(None, "EUR", "2"),
    ];
    let many = json!({"prices": MAX_PRICES + 1, "limit": MAX_PRICES});
    let below = || price(None, "EUR", "-0.01");
    vec![
        (
            bare("B").into(),
            "sku_fixed",
            "/sku",
            json!({"sku": "LAMP-1", "given": "B"}),
        ),
        (
            weighing(-1),
            "weight_out_of_range",
            "/weight_grams",
            weight(-1),
        ),
        (
            weighing(heavy),
            "weight_out_of_range",
            "/weight_grams",
            weight(heavy),
        ),
        (
            sized(0, 1, 1),
            "dimension_out_of_range",
            "/dimensions/length_mm",
            side(0),
        ),
        (
            sized(1, long, 1),
            "dimension_out_of_range",
            "/dimensions/width_mm",
            side(long),
        ),
        (
            sized(1, 1, -1),
            "dimension_out_of_range",
            "/dimensions/height_mm",
            side(-1),
        ),
        (
            SetPrice(below()),
            "negative_price",
            "/unit_price",
            json!({}),
        ),
        (
            priced(vec![price(None, "GBP", "1"), below()]),
            "negative_price",
            "/prices/1/unit_price",
            json!({}),
        ),
        (
            priced(twice),
            "duplicate_price",
            "/prices/2",
            json!({"platform": null, "currency": "EUR"}),
        ),
        (
            priced(prices(MAX_PRICES + 1)),
            "too_many_prices",
            "/prices",
            many,
        ),
    ]
}

fn is_told(product: &Product, kind: RejectionKind, row: Row) -> &'static str {
    let (command, code, pointer, figures) = row;
    let name = format!("{code} for {command:?}");
    let refused = decide(product, command).expect_err(&name);
    assert_eq!(refused.code(), code, "{name}");
    assert_eq!(refused.kind(), kind, "{name}");
    assert_eq!(refused.pointer().unwrap_or_default(), pointer, "{name}");
    let told: Value = refused.figures().into_iter().collect();
    assert_eq!(told, figures, "{name}");
    assert!(!refused.to_string().is_empty());
    code
}

fn all_but_save() -> Vec<ProductCommand> {
    vec![
        ChangeProduct::default().into(),
        SetPrice(price(None, "EUR", "1")),
        RemovePrice(key(None, "EUR")),
    ]
}

#[test]
fn every_refusal_tells_its_code_its_place_and_its_figures() {
    let product = given([lamp().into()]);
    let mut produced = BTreeSet::new();
    for row in rows() {
        produced.insert(is_told(&product, RejectionKind::Invalid, row));
    }
    for command in all_but_save().into_iter().chain([Archive, Restore]) {
        let row = (command, "product_not_found", "", json!({}));
        let nobody = Product::default();
        produced.insert(is_told(&nobody, RejectionKind::NotFound, row));
    }
    for command in all_but_save().into_iter().chain([lamp().into()]) {
        let row = (command, "product_archived", "", json!({}));
        produced.insert(is_told(&gone(), RejectionKind::Conflict, row));
    }
    let known: BTreeSet<&str> = Rejection::CODES.iter().copied().collect();
    assert_eq!(produced, known, "each code, and no other");
    assert_eq!(known.len(), Rejection::CODES.len(), "one is there twice");
}

#[test]
fn the_limits_themselves_are_allowed() {
    for command in [
        weighing(0),
        weighing(MAX_WEIGHT),
        sized(1, MAX_SIDE, 1),
        priced(prices(MAX_PRICES)),
        SetPrice(price(None, "EUR", "0")),
    ] {
        let name = format!("{command:?}");
        let events = decide(&given([lamp().into()]), command).expect(&name);
        assert_eq!(events.len(), 1, "{name}");
    }
}

#[test]
fn a_full_price_list_takes_another_price_but_not_one_more() {
    let full = given([priced(prices(MAX_PRICES))]);
    let replaced = decide(&full, SetPrice(price(Some("p7"), "EUR", "2")));
    assert_eq!(replaced.expect("taken").len(), 1);
    let refused = decide(&full, SetPrice(price(None, "EUR", "2"))).expect_err("full");
    assert_eq!(refused.code(), "too_many_prices");
}
