//! What a method charges: a table of each rule.

use super::{basket, charge, holds, lines, method, place, zone};
use crate::shipping::{Basket, quote};
use serde_json::{Value, json};

#[test]
fn charges() {
    let percent = |percent, min, max| {
        charge(&json!({"kind": "percent", "percent": percent, "min": min, "max": max}))
    };
    let tiers = json!([{"up_to": 1000, "amount": 300}, {"up_to": 5000, "amount": 700}]);
    let open = json!([{"up_to": 1000, "amount": 300}, {"amount": 900}]);
    let by_weight = |tiers: &Value| charge(&json!({"kind": "weight_tiers", "tiers": tiers}));
    let by_subtotal = |tiers: &Value| charge(&json!({"kind": "subtotal_tiers", "tiers": tiers}));
    holds(&[
        (
            "flat: once, whatever is in the basket",
            charge(&json!({"kind": "flat", "amount": 490})),
            &[("A 1 1000 500", "490"), ("A 9 9000 ?; B 1 0 0", "490")],
        ),
        (
            "flat: nothing is an amount too",
            charge(&json!({"kind": "flat", "amount": 0})),
            &[("A 1 1000 500", "0")],
        ),
        (
            "per item: for every unit",
            charge(&json!({"kind": "per_item", "amount": 150})),
            &[("A 1 1000 ?", "150"), ("A 2 1000 ?; B 3 900 ?", "750")],
        ),
        (
            "first + additional: units count, not lines",
            charge(&json!({"kind": "first_additional", "first": 500, "additional": 120})),
            &[("A 1 1000 ?", "500"), ("A 2 1000 ?; B 1 900 ?", "740")],
        ),
        (
            "percent: of the subtotal, half to even",
            percent("12.5", None, None),
            &[
                ("A 1 1000 ?", "125"),
                ("A 1 4 ?", "0"),
                ("A 1 12 ?", "2"),
                ("A 1 0 ?", "0"),
            ],
        ),
        (
            "percent: at least and at most so much",
            percent("10", Some(200), Some(1_000)),
            &[
                ("A 1 1999 ?", "200"),
                ("A 1 5000 ?", "500"),
                ("A 1 20000 ?", "1000"),
            ],
        ),
        (
            "tiers by weight: up to and including",
            by_weight(&tiers),
            &[
                ("A 1 100 0", "300"),
                ("A 2 100 500", "300"),
                ("A 1 100 1001", "700"),
                ("A 1 100 5000", "700"),
                ("A 1 100 5001", "above_weight_tiers max 5000"),
                ("A 1 100 ?; B 1 100 5", r#"weight_unknown skus ["A"]"#),
            ],
        ),
        (
            "tiers by weight: the last one without an end",
            by_weight(&open),
            &[
                ("A 1 100 1001", "900"),
                ("A 1000000000 100 9223372036854775807", "900"),
            ],
        ),
        (
            "tiers by subtotal: no weight is asked for",
            by_subtotal(&tiers),
            &[
                ("A 1 1000 ?", "300"),
                ("A 1 600 ?; B 1 401 ?", "700"),
                ("A 1 5001 ?", "above_subtotal_tiers max 5000"),
            ],
        ),
    ]);
}

#[test]
fn free_from_a_subtotal_on() {
    let free = |kind: Value| json!({"rate": {"free_above": 5000, "charge": kind}});
    let tiers = json!([{"up_to": 1000, "amount": 300}]);
    holds(&[
        (
            "that subtotal is free",
            free(json!({"kind": "flat", "amount": 490})),
            &[
                ("A 1 4999 ?", "490"),
                ("A 1 5000 ?", "0"),
                ("A 1 9000 ?", "0"),
            ],
        ),
        (
            "what is free is not untaxed by accident",
            json!({"tax_rate": "19", "rate": {"free_above": 5000}}),
            &[("A 1 4999 ?", "500 tax 95"), ("A 1 5000 ?", "0")],
        ),
        (
            "what cannot be shipped is not shipped for nothing",
            free(json!({"kind": "weight_tiers", "tiers": tiers})),
            &[("A 1 9000 1001", "above_weight_tiers max 1000")],
        ),
    ]);
}

#[test]
fn parcels() {
    let limit =
        |charge: Value| json!({"max_parcel_weight_grams": 10000, "rate": {"charge": charge}});
    let tiers = json!([{"up_to": 5000, "amount": 600}, {"up_to": 10000, "amount": 900}]);
    holds(&[
        (
            "flat: for every parcel",
            limit(json!({"kind": "flat", "amount": 500})),
            &[
                ("A 1 100 10000", "500"),
                // 18 kg, but two of 6 kg do not go into one.
                ("A 3 100 6000", "1500 in 3 parcels"),
                ("A 2 100 5000; B 1 100 1", "1000 in 2 parcels"),
                (
                    "A 1 100 6000; B 1 100 5000; C 2 100 4000",
                    "1500 in 3 parcels",
                ),
                ("A 1 100 ?", r#"weight_unknown skus ["A"]"#),
                (
                    "A 1 1 10001",
                    r#"unit_above_parcel_weight skus ["A"] max 10000"#,
                ),
            ],
        ),
        (
            "tiers by weight: for every parcel by its weight",
            limit(json!({"kind": "weight_tiers", "tiers": tiers})),
            &[
                ("A 1 100 5000", "600"),
                ("A 3 100 4000", "1500 in 2 parcels"),
                ("A 4 100 6000", "3600 in 4 parcels"),
            ],
        ),
        (
            "everything else: for the basket",
            limit(json!({"kind": "per_item", "amount": 10})),
            &[("A 3 100 6000", "30 in 3 parcels")],
        ),
    ]);
}

#[test]
fn tax_is_added_to_the_charge_or_is_in_it() {
    let taxed = |rate: &str| method(&json!({"tax_rate": rate}));
    let sold = |included: bool| {
        let (web, euro) = (
            "web".try_into().expect("a slug"),
            "EUR".parse().expect("known"),
        );
        Basket::new(web, euro, included, lines("A 1 1000 ?")).expect("a basket")
    };
    for (rate, included, amount, tax, total) in [
        ("19", false, 500, 95, 595),
        ("19", true, 500, 80, 500),
        ("0.1", false, 500, 0, 500),
        ("0.3", false, 500, 2, 502),
        ("100", true, 500, 250, 500),
    ] {
        let quote = quote(
            &sold(included),
            &place("DE"),
            &[zone("z", "DE")],
            &[taxed(rate)],
        );
        let offer = quote.offers.first().expect("offered");
        let told = (offer.amount, offer.tax, offer.total);
        assert_eq!(told, (amount, tax, total), "{rate} %, included: {included}");
    }
}

#[test]
fn offers_are_sorted_by_what_the_customer_pays_then_by_name_and_id() {
    let of = |id: &str, name: &str, amount: i64, tax: Option<&str>| {
        let charge = json!({"kind": "flat", "amount": amount});
        method(&json!({"id": id, "name": name, "tax_rate": tax, "rate": {"charge": charge}}))
    };
    let methods = [
        of("d", "Courier", 500, Some("20")),
        of("c", "Post", 590, None),
        of("b", "Express", 590, None),
        of("e", "Express", 590, None),
        of("a", "Pick-up", 0, None),
    ];
    let quote = quote(
        &basket("A 1 1 ?"),
        &place("DE"),
        &[zone("z", "DE")],
        &methods,
    );
    let ids: Vec<&str> = quote.offers.iter().map(|offer| &*offer.method).collect();
    assert_eq!(ids, ["a", "b", "e", "c", "d"]);
}

#[test]
fn an_offer_tells_the_days() {
    let method = method(&json!({"min_days": 2, "max_days": 4}));
    let quote = quote(
        &basket("A 1 1 ?"),
        &place("DE"),
        &[zone("z", "DE")],
        &[method],
    );
    let offer = quote.offers.first().expect("offered");
    assert_eq!((offer.min_days, offer.max_days), (Some(2), Some(4)));
}
