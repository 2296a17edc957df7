//! Requests that are one and the same to a cache.

use super::{
    basket,
    drawn::{baskets, methods, methods_of_one_parcel, places, zones},
    method, place, zone,
};
use crate::shipping::{Basket, Destination, Method, WeightClass, Zone, canonical, quote};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

fn class(change: &Value, text: &str) -> WeightClass {
    canonical(&basket(text), &place("DE"), &[], &[method(change)]).weight
}

#[test]
fn weights_are_told_apart_only_as_far_as_methods_do() {
    let bounds = json!({"min_weight_grams": 1000, "max_weight_grams": 2000});
    assert_eq!(class(&bounds, "A 1 1 1001"), class(&bounds, "A 1 1 1999"));
    assert_ne!(class(&bounds, "A 1 1 999"), class(&bounds, "A 1 1 1000"));
    assert_ne!(class(&bounds, "A 1 1 1000"), class(&bounds, "A 1 1 1001"));
    assert_ne!(class(&bounds, "A 1 1 2000"), class(&bounds, "A 1 1 2001"));
    let none = json!({});
    assert_eq!(class(&none, "A 1 1 1"), class(&none, "A 1 1 ?"));
    let splits = json!({"max_parcel_weight_grams": 5000});
    assert_ne!(
        class(&splits, "A 1 1 1; B 1 1 2"),
        class(&splits, "A 1 1 2; B 1 1 1")
    );
    let tiers = [json!({"up_to": 10, "amount": 1}), json!({"amount": 2})];
    for (tiers, told_apart) in [(&tiers[..], true), (&tiers[1..], false)] {
        let change = json!({"rate": {"charge": {"kind": "weight_tiers", "tiers": tiers}}});
        let (light, heavy) = (class(&change, "A 1 1 10"), class(&change, "A 1 1 11"));
        assert_eq!(light != heavy, told_apart);
        assert_ne!(heavy, class(&change, "A 1 1 ?"));
    }
}

#[test]
fn what_a_quote_does_not_depend_on_is_not_in_it() {
    let zones = [zone("z", "DE GB:SW"), zone("w", "*")];
    let methods = [method(&json!({}))];
    let of = |text, to| canonical(&basket(text), &place(to), &zones, &methods);
    let one = of("A 2 100 5; B 1 7 ?", "DE/BY/80331");
    assert_eq!(one, of("B 1 7 ?; A 1 30 5; A 1 70 5", "DE"));
    assert_eq!(one, of("B 1 100 ?; A 2 7 9", "GB//SW1A 1AA"));
    assert_ne!(one, of("A 2 100 5; B 1 7 ?", "FR"));
    assert_ne!(one, of("A 2 100 5; B 1 8 ?", "DE"));
    assert_ne!(one, of("A 3 100 5; B 1 7 ?", "DE"));
    assert_ne!(one, of("A 2 100 5; C 1 7 ?", "DE"));
}

/// Two requests that may well be the same.
fn hold(
    requests: [(&Basket, &Destination); 2],
    zones: &[Zone],
    methods: &[Method],
) -> Result<(), TestCaseError> {
    let [one, other] = requests.map(|(basket, place)| {
        let form = canonical(basket, place, zones, methods);
        (form, quote(basket, place, zones, methods))
    });
    prop_assert_eq!(one.0 == other.0, one.0.bytes() == other.0.bytes());
    if one.0 == other.0 {
        prop_assert_eq!(one.1, other.1);
    }
    Ok(())
}

proptest! {
    #[test]
    fn equal_forms_have_equal_quotes(
        drawn in baskets(), grams in vec(-30_i64..30, 5), zones in zones(),
        places in (places(), places()), methods in methods_of_one_parcel(),
    ) {
        let mut other = drawn.clone();
        for (weight, grams) in other.weights.iter_mut().zip(grams) {
            *weight = weight.map(|weight| (weight + grams).max(0));
        }
        let (one, other) = (drawn.basket(), other.basket());
        hold([(&one, &places.0), (&other, &places.1)], &zones, &methods)?;
        hold([(&one, &places.0), (&other, &places.0)], &zones, &methods)?;
    }

    #[test]
    fn equal_forms_have_equal_quotes_in_parcels_too(
        drawn in baskets(), turned in vec(0_usize..5, 5), zones in zones(),
        places in (places(), places()), methods in methods(),
    ) {
        let mut other = drawn.clone();
        other.weights = turned.iter().map(|at| drawn.weights[*at]).collect();
        hold([(&drawn.basket(), &places.0), (&other.basket(), &places.1)], &zones, &methods)?;
    }
}
