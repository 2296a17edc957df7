//! Why a method is refused: a table of each reason.

use super::{basket, charge, holds, method, outcome, place, told, zone};
use crate::shipping::quote;
use serde_json::json;

#[test]
fn bounds() {
    holds(&[
        (
            "weight",
            json!({"min_weight_grams": 1000, "max_weight_grams": 2000}),
            &[
                ("A 1 1 1000", "500"),
                ("A 2 1 1000", "500"),
                ("A 1 1 999", "below_min_weight min 1000"),
                ("A 1 1 2001", "above_max_weight max 2000"),
                ("B 1 1 ?; A 1 1 ?", r#"weight_unknown skus ["A","B"]"#),
            ],
        ),
        (
            "subtotal",
            json!({"rate": {"min_subtotal": 1000, "max_subtotal": 2000}}),
            &[
                ("A 1 1000 ?", "500"),
                ("A 1 2000 ?", "500"),
                ("A 1 500 ?; B 1 499 ?", "below_min_subtotal min 1000"),
                ("A 1 2001 ?", "above_max_subtotal max 2000"),
            ],
        ),
        (
            "without any, weights do not matter",
            json!({}),
            &[("A 1 1 ?", "500"), ("A 1 1 0", "500")],
        ),
    ]);
}

#[test]
fn refusals() {
    let dollars = json!([{"currency": "USD", "charge": {"kind": "flat", "amount": 1}}]);
    let huge = |kind: &str| charge(&json!({"kind": kind, "amount": i64::MAX}));
    holds(&[
        (
            "zone",
            json!({"zones": ["w"]}),
            &[("A 1 1 ?", r#"zone_mismatch zone "z""#)],
        ),
        (
            "platform",
            json!({"platforms": ["shop", "app"]}),
            &[("A 1 1 ?", r#"platform_mismatch platform "web""#)],
        ),
        (
            "platform",
            json!({"platforms": ["app", "web"]}),
            &[("A 1 1 ?", "500")],
        ),
        (
            "currency",
            json!({"rates": dollars}),
            &[("A 1 1 ?", r#"no_rate_in_currency currency "EUR""#)],
        ),
        (
            "articles",
            json!({"excluded_skus": ["B", "A", "Z"]}),
            &[
                ("C 1 1 ?", "500"),
                (
                    "C 1 1 ?; B 1 1 ?; A 1 1 ?",
                    r#"excluded_sku skus ["A","B"]"#,
                ),
            ],
        ),
        (
            "sums",
            huge("per_item"),
            &[
                ("A 1 1 ?", &i64::MAX.to_string()),
                ("A 2 1 ?", "amount_overflow"),
            ],
        ),
        (
            "taxes",
            json!({"tax_rate": "1", "rate": {"charge": {"kind": "flat", "amount": i64::MAX}}}),
            &[("A 1 1 ?", "amount_overflow")],
        ),
        (
            "parcels",
            json!({"max_parcel_weight_grams": 1, "rate": {"charge": {"kind": "flat", "amount": i64::MAX}}}),
            &[("A 1000000000 1 1", "amount_overflow")],
        ),
        (
            "all at once",
            json!({
                "zones": ["w"], "platforms": ["app"], "excluded_skus": ["A"], "min_weight_grams": 9,
                "rate": {"min_subtotal": 9},
            }),
            &[(
                "A 1 1 1",
                r#"zone_mismatch zone "z", platform_mismatch platform "web", excluded_sku skus ["A"], below_min_subtotal min 9, below_min_weight min 9"#,
            )],
        ),
    ]);
}

#[test]
fn an_archived_method_is_refused_for_that_alone() {
    let archived = method(&json!({"zones": ["w"]})).in_use(false);
    assert_eq!(outcome(archived.clone(), &basket("A 1 1 ?")), "archived");
    let restored = archived.in_use(true);
    let told = outcome(restored, &basket("A 1 1 ?"));
    assert_eq!(told, r#"zone_mismatch zone "z""#);
}

#[test]
fn a_place_in_no_zone_is_shipped_to_by_nothing() {
    let quote = quote(
        &basket("A 1 1 ?"),
        &place("BR"),
        &[zone("z", "DE")],
        &[method(&json!({}))],
    );
    assert_eq!(quote.zone, None);
    assert_eq!(told(&quote), "zone_mismatch zone null");
}
