//! Which price applies, and what a client's is worth.

use super::{given, gone, key, lamp, price};
use crate::{
    money::{Currency, Price},
    order::command::NewLine,
    product::{PriceCheck, Product, ProductCommand, SaveProduct, check_price, price_on, snapshot},
};
use PriceCheck::{Accepted, Catalogue, Mismatch, Unknown};
use ProductCommand::{RemovePrice, SetPrice};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn currency(code: &str) -> Currency {
    code.parse().expect("known")
}

fn on(product: &Product, platform: &str, code: &str) -> Option<Price> {
    price_on(product.there().expect("there"), platform, currency(code))
}

/// Rows of: platform, currency, price.
#[test]
fn the_platform_s_own_price_beats_that_of_all() {
    let product = given([lamp().into()]);
    let eighth = Price::Major {
        mantissa: 125,
        scale: 3,
    };
    for (platform, code, expected) in [
        ("web", "EUR", Some(Price::Minor(1_999))),
        ("shop", "EUR", Some(Price::Minor(2_200))),
        ("web", "GBP", Some(eighth)),
        ("shop", "GBP", Some(eighth)),
        ("web", "USD", None),
        ("", "EUR", Some(Price::Minor(2_200))),
    ] {
        assert_eq!(on(&product, platform, code), expected, "{platform} {code}");
    }
    let own = |code| SetPrice(price(Some("shop"), code, "20"));
    let product = given([lamp().into(), own("EUR"), RemovePrice(key(None, "EUR"))]);
    assert_eq!(on(&product, "shop", "EUR"), Some(Price::Minor(2_000)));
    assert_eq!(
        on(&product, "pos", "EUR"),
        None,
        "another platform's is not for it"
    );
}

#[test]
fn an_archived_product_costs_nothing_that_anybody_could_pay() {
    assert_eq!(on(&gone(), "web", "EUR"), None);
}

/// Rows of: the client's, the catalogue's, whether the client may set prices,
/// what comes of it.
#[test]
fn what_a_client_s_price_is_worth() {
    let eur = currency("EUR");
    let (ten, other) = (Price::Minor(1_000), Price::Minor(900));
    let long: Price = "10.000".parse().expect("a price");
    let mismatch = Mismatch {
        given: other,
        current: ten,
    };
    for (given, catalogue, may_set, expected) in [
        (Some(ten), Some(ten), false, Accepted(ten)),
        (Some(long), Some(ten), false, Accepted(ten)),
        (Some(ten), Some(long), false, Accepted(ten)),
        (Some(other), Some(ten), false, mismatch),
        (Some(other), Some(ten), true, Accepted(other)),
        (None, Some(ten), false, Catalogue(ten)),
        (None, Some(long), true, Catalogue(ten)),
        (Some(ten), None, false, Unknown),
        (Some(ten), None, true, Accepted(ten)),
        (None, None, false, Unknown),
        (None, None, true, Unknown),
    ] {
        let checked = check_price(given, catalogue, may_set, eur);
        assert_eq!(checked, expected, "{given:?} {catalogue:?} {may_set}");
    }
}

#[test]
fn a_refused_price_says_why_and_an_accepted_one_what() {
    let ten = Price::Minor(1_000);
    let mismatch = Mismatch {
        given: ten,
        current: ten,
    };
    let codes = [mismatch, Unknown].map(|refused| {
        assert_eq!(refused.price(), None);
        refused.refused().expect("a code")
    });
    assert_eq!(codes, PriceCheck::CODES);
    for taken in [Accepted(ten), Catalogue(ten)] {
        assert_eq!((taken.price(), taken.refused()), (Some(ten), None));
    }
}

fn line(name: &str) -> NewLine {
    NewLine {
        sku: "LAMP-1".try_into().expect("valid"),
        name: name.try_into().expect("valid"),
        quantity: 2,
        unit_price: Price::Minor(5),
        tax: 1,
        discount: 3,
    }
}

#[test]
fn a_line_without_a_name_is_called_as_its_product_is() {
    let product = given([lamp().into()]);
    let product = product.there().expect("there");
    for (given, expected) in [
        ("", "Lamp"),
        (" ", "Lamp"),
        ("Lamp, engraved", "Lamp, engraved"),
    ] {
        let taken = snapshot(product, line(given));
        assert_eq!(&*taken.name, expected);
        let rest = (taken.quantity, taken.unit_price, taken.tax, taken.discount);
        assert_eq!(rest, (2, Price::Minor(5), 1, 3), "nothing else is touched");
    }
}

const PLATFORMS: [&str; 3] = ["pos", "shop", "web"];
const CURRENCIES: [&str; 3] = ["EUR", "GBP", "JPY"];

proptest! {
    /// Against a model: a set of (platform or all, currency) with an amount.
    #[test]
    fn of_any_price_list_the_most_specific_price_applies(
        places in prop::collection::btree_set((0_usize..4, 0_usize..3), 0..12),
    ) {
        let platform_of = |at: usize| PLATFORMS.get(at).copied();
        let amount = |at: usize, of: usize| Price::Minor(i64::try_from(at * 3 + of).expect("few"));
        let new = |(at, of): &(usize, usize)| crate::product::NewPrice {
            unit_price: amount(*at, *of),
            ..price(platform_of(*at), CURRENCIES[*of], "0")
        };
        let save = SaveProduct {
            prices: Some(places.iter().rev().map(new).collect()),
            ..lamp()
        };
        let product = given([save.into()]);
        let has = |at: usize, of: usize| BTreeSet::contains(&places, &(at, of));
        for (at, platform) in PLATFORMS.iter().enumerate() {
            for (of, code) in CURRENCIES.iter().enumerate() {
                let expected = if has(at, of) {
                    Some(amount(at, of))
                } else {
                    has(3, of).then(|| amount(3, of))
                };
                prop_assert_eq!(on(&product, platform, code), expected);
            }
        }
    }
}
