//! What zones and methods may consist of.

use super::{id, new_zone, published};
use crate::shipping::{Method, ShippingRejection, Unreadable, Zone, zone::NewPostalCodes};
use serde_json::{Value, json};

fn refused_method(change: &Value) -> ShippingRejection {
    let published = serde_json::from_value(published(change)).expect("a method");
    match Method::read(&published) {
        Err(Unreadable::Rule(rejection)) => rejection,
        other => panic!("{change}: {other:?}"),
    }
}

/// Code and pointer of what each change of a method is refused with.
fn refuses(rows: &[(&str, &str, Value)]) {
    for (code, pointer, change) in rows {
        let refused = refused_method(change);
        let told = (refused.code(), refused.pointer());
        assert_eq!(told, (*code, Some((*pointer).to_owned())), "{change}");
    }
}

#[test]
fn a_method_is_refused_with_a_code_and_where() {
    let flat = json!({"kind": "flat", "amount": 1});
    let euros = json!({"currency": "EUR", "charge": flat});
    refuses(&[
        ("no_zones", "/zones", json!({"zones": []})),
        ("no_rates", "/rates", json!({"rates": []})),
        (
            "duplicate_currency",
            "/rates/1/currency",
            json!({"rates": [euros, euros]}),
        ),
        (
            "negative_weight",
            "/min_weight_grams",
            json!({"min_weight_grams": -1}),
        ),
        (
            "negative_weight",
            "/max_weight_grams",
            json!({"max_weight_grams": -1}),
        ),
        (
            "bounds_reversed",
            "/max_weight_grams",
            json!({"min_weight_grams": 2, "max_weight_grams": 1}),
        ),
        (
            "parcel_weight_not_positive",
            "/max_parcel_weight_grams",
            json!({"max_parcel_weight_grams": 0}),
        ),
        ("days_out_of_range", "/min_days", json!({"min_days": -1})),
        ("days_out_of_range", "/max_days", json!({"max_days": 366})),
        (
            "bounds_reversed",
            "/max_days",
            json!({"min_days": 3, "max_days": 2}),
        ),
        (
            "too_many",
            "/zones",
            json!({"zones": (0..1_001).map(|n| n.to_string()).collect::<Vec<_>>()}),
        ),
    ]);
}

#[test]
fn a_rate_is_refused_with_a_code_and_where() {
    let rate = |rate: Value| json!({ "rate": rate });
    let charge = |charge: Value| rate(json!({ "charge": charge }));
    let tiers = |tiers: Value| charge(json!({"kind": "weight_tiers", "tiers": tiers}));
    refuses(&[
        (
            "negative_amount",
            "/rates/0/min_subtotal",
            rate(json!({"min_subtotal": -1})),
        ),
        (
            "negative_amount",
            "/rates/0/max_subtotal",
            rate(json!({"max_subtotal": -1})),
        ),
        (
            "negative_amount",
            "/rates/0/free_above",
            rate(json!({"free_above": -1})),
        ),
        (
            "bounds_reversed",
            "/rates/0/max_subtotal",
            rate(json!({"min_subtotal": 2, "max_subtotal": 1})),
        ),
        (
            "negative_amount",
            "/rates/0/charge/amount",
            charge(json!({"kind": "per_item", "amount": -1})),
        ),
        (
            "negative_amount",
            "/rates/0/charge/first",
            charge(json!({"kind": "first_additional", "first": -1, "additional": 1})),
        ),
        (
            "negative_amount",
            "/rates/0/charge/additional",
            charge(json!({"kind": "first_additional", "first": 1, "additional": -1})),
        ),
        (
            "negative_amount",
            "/rates/0/charge/min",
            charge(json!({"kind": "percent", "percent": "1", "min": -1})),
        ),
        (
            "bounds_reversed",
            "/rates/0/charge/max",
            charge(json!({"kind": "percent", "percent": "1", "min": 2, "max": 1})),
        ),
        ("no_tiers", "/rates/0/charge/tiers", tiers(json!([]))),
        (
            "negative_amount",
            "/rates/0/charge/tiers/0/amount",
            tiers(json!([{"amount": -1}])),
        ),
        (
            "tiers_not_ascending",
            "/rates/0/charge/tiers/1/up_to",
            tiers(json!([{"up_to": 5, "amount": 1}, {"up_to": 5, "amount": 2}])),
        ),
        (
            "tiers_not_ascending",
            "/rates/0/charge/tiers/0/up_to",
            tiers(json!([{"up_to": -1, "amount": 1}])),
        ),
        (
            "open_tier_not_last",
            "/rates/0/charge/tiers/0/up_to",
            tiers(json!([{"amount": 1}, {"up_to": 5, "amount": 2}])),
        ),
        (
            "too_many",
            "/rates/0/charge/tiers",
            tiers((0..201).map(|n| json!({"up_to": n, "amount": 1})).collect()),
        ),
    ]);
}

#[test]
fn a_zone_is_refused_with_a_code_and_where() {
    let prefix = |country: &str, prefix: &str| NewPostalCodes::Beginning {
        country: super::country(country),
        prefix: id(prefix),
    };
    let refused = |rules: &str, codes: Option<NewPostalCodes>| {
        let mut zone = new_zone("z", rules);
        zone.postal_codes.extend(codes);
        let refused = Zone::new(zone).expect_err("refused");
        (refused.code(), refused.pointer().unwrap_or_default())
    };
    let told = |code, pointer: &str| (code, pointer.to_owned());
    assert_eq!(refused("", None), told("zone_empty", ""));
    assert_eq!(
        refused("DE QQ", None),
        told("unknown_country", "/countries/1")
    );
    assert_eq!(
        refused("QQ-AB", None),
        told("unknown_country", "/regions/0")
    );
    assert_eq!(
        refused("DE:1", Some(prefix("QQ", "1"))),
        told("unknown_country", "/postal_codes/1/country")
    );
    assert_eq!(
        refused("DE:1", Some(prefix("GB", "1"))),
        told("postal_code_malformed", "/postal_codes/1/prefix")
    );
    assert_eq!(
        refused("DE:2..1", None),
        told("postal_range_reversed", "/postal_codes/0/to")
    );
    let many = (0..5_001).map(|n| prefix("DE", &n.to_string()));
    let mut zone = new_zone("z", "");
    zone.postal_codes.extend(many);
    let refused = Zone::new(zone).expect_err("refused");
    assert_eq!(
        (refused.code(), refused.pointer().as_deref()),
        ("too_many", Some("/postal_codes"))
    );
}

#[test]
fn lists_are_sets_and_codes_have_one_form() {
    let given = "FR DE DE US-NV us-ca GB:sw1a1 GB:SW1A_1 PL:00-950 PL:00950..00950";
    let zone = Zone::new(new_zone("z", given)).expect("a zone").published();
    let told = serde_json::to_value(&zone).expect("JSON");
    let expected = json!({
        "id": "z",
        "name": "Zone",
        "countries": ["DE", "FR"],
        "regions": ["US-CA", "US-NV"],
        "postal_codes": [
            {"country": "GB", "prefix": "SW1A 1"},
            {"country": "PL", "prefix": "00950"},
        ],
        "rest_of_world": false,
        "archived": false,
    });
    assert_eq!(told, expected);
}
