//! What promises hold for, and what they do not.

use super::{basket, country, id, method, place, zone};
use crate::{
    order::command::NewShipping,
    shipping::{
        Carried, Consignment, Destination, Mismatch, Offer, PricedLine, Promise, PromisedFrom,
        quote,
    },
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

const FROM: PromisedFrom = PromisedFrom {
    method: 3,
    zone: 2,
    platform: 0,
};

/// Lines such as `A 2 1.25 10; B 1 3 0`: SKU, quantity, price of one, discount.
fn priced(text: &str) -> Vec<PricedLine> {
    let line = |line: &str| {
        let mut parts = line.split_whitespace();
        let mut part = || parts.next().expect("a part");
        PricedLine {
            sku: id(part()),
            quantity: part().parse().expect("a quantity"),
            unit_price: part().parse().expect("a price"),
            discount: part().parse().expect("a discount"),
        }
    };
    text.split(';').map(line).collect()
}

fn sent(lines: &[PricedLine], to: &str) -> Consignment {
    let euro = "EUR".parse().expect("known");
    Consignment::new("web", euro, lines, place(to))
}

fn offer() -> Offer {
    let methods = [method(&json!({"tax_rate": "19"}))];
    let zones = [zone("z", "DE")];
    let mut quote = quote(&basket("A 1 100 ?"), &place("DE"), &zones, &methods);
    quote.offers.remove(0)
}

fn promise(lines: &str, to: &str) -> Promise {
    Promise::new(&offer(), sent(&priced(lines), to), FROM)
}

#[test]
fn a_promise_is_for_one_basket_and_one_place() {
    let promise = promise("A 2 1.25 10; B 1 3 0", "DE/BY/80331");
    for (lines, to, expected) in [
        ("A 2 1.25 10; B 1 3 0", "DE/BY/80331", Ok(())),
        ("B 1 3.00 0; A 2 1.250 10", "DE/DE-BY/80 331", Ok(())),
        ("A 1 1.25 10; B 1 3 0; A 1 1.25 0", "DE/by/80331", Ok(())),
        ("A 3 1.25 10; B 1 3 0", "DE/BY/80331", Err(Mismatch::Lines)),
        ("A 2 1.26 10; B 1 3 0", "DE/BY/80331", Err(Mismatch::Lines)),
        ("A 2 1.25 11; B 1 3 0", "DE/BY/80331", Err(Mismatch::Lines)),
        ("A 2 1.25 10; C 1 3 0", "DE/BY/80331", Err(Mismatch::Lines)),
        ("A 2 1.25 10", "DE/BY/80331", Err(Mismatch::Lines)),
        (
            "A 1 1.25 10; A 1 1.24 0; B 1 3 0",
            "DE/BY/80331",
            Err(Mismatch::Lines),
        ),
        (
            "A 2 1.25 10; B 1 3 0",
            "DE/BY/80332",
            Err(Mismatch::Destination),
        ),
        (
            "A 2 1.25 10; B 1 3 0",
            "DE/BE/80331",
            Err(Mismatch::Destination),
        ),
        ("A 2 1.25 10; B 1 3 0", "DE/BY", Err(Mismatch::Destination)),
        (
            "A 2 1.25 10; B 1 3 0",
            "AT/BY/80331",
            Err(Mismatch::Destination),
        ),
    ] {
        let given = sent(&priced(lines), to);
        assert_eq!(promise.covers(&given), expected, "{lines} to {to}");
    }
    let (euro, yen) = ("EUR".parse().expect("known"), "JPY".parse().expect("known"));
    let lines = priced("A 2 1.25 10; B 1 3 0");
    let place = || place("DE/BY/80331");
    let elsewhere = Consignment::new("shop", euro, &lines, place());
    assert_eq!(promise.covers(&elsewhere), Err(Mismatch::Platform));
    let dearer = Consignment::new("web", yen, &lines, place());
    assert_eq!(promise.covers(&dearer), Err(Mismatch::Currency));
}

#[test]
fn a_promise_is_of_one_charge() {
    let promise = promise("A 1 1 0", "DE");
    let told = NewShipping {
        method: id("m"),
        name: "Method".try_into().expect("a text"),
        amount: 500,
        tax: 95,
        quote: None,
    };
    assert_eq!(promise.charges(&told), Ok(()));
    let other = |change: fn(&mut NewShipping)| {
        let mut other = told.clone();
        change(&mut other);
        promise.charges(&other)
    };
    let (promised, given) = (500, 499);
    let amount = Err(Mismatch::Amount { promised, given });
    assert_eq!(other(|told| told.amount = 499), amount);
    let (promised, given) = (95, 0);
    let tax = Err(Mismatch::Tax { promised, given });
    assert_eq!(other(|told| told.tax = 0), tax);
    let method = other(|told| told.method = id("n"));
    assert_eq!(method, Err(Mismatch::Method));
    let name = other(|told| told.name = "Another".try_into().expect("a text"));
    assert_eq!(name, Err(Mismatch::Name));
}

#[test]
fn a_promise_reads_back_and_has_a_longest_length() {
    let long = |text: &str| text.repeat(255);
    let longest = Offer {
        method: id(&long("\"")),
        name: "\\".repeat(2_000).try_into().expect("a name"),
        amount: i64::MAX,
        tax: i64::MAX,
        ..offer()
    };
    // As long as it is carried, each of its characters being written as two.
    let carried = Offer {
        method: id(&"\"".repeat(64)),
        name: "\\".repeat(64).try_into().expect("a name"),
        ..longest.clone()
    };
    let from = PromisedFrom {
        method: i64::MAX,
        zone: i64::MAX,
        platform: i64::MAX,
    };
    let place = Destination::new(country("DE"), Some("ABC"), Some(&"Z".repeat(16)));
    let euro = "EUR".parse().expect("known");
    for offer in [&longest, &carried, &offer()] {
        for platform in ["p", &"p".repeat(64), &long("p")] {
            let lines = priced("A 1 1 0");
            let consignment = Consignment::new(platform, euro, &lines, place.clone());
            let promise = Promise::new(offer, consignment, from);
            let written = serde_json::to_string(&promise).expect("JSON");
            assert!(written.len() <= 700, "{}: {written}", written.len());
            let read: Promise = serde_json::from_str(&written).expect("a promise");
            assert_eq!(read, promise);
            assert!(read.method.is(&offer.method) && read.name.is(&offer.name));
        }
    }
    let (whole, hashed) = (Carried::of("Standard"), Carried::of(&long("s")));
    assert_eq!((whole.text(), hashed.text()), (Some("Standard"), None));
    assert!(!hashed.is(&long("t")) && !whole.is("standard"));
}

/// Few different lines, so that they meet; prices that differ, and that are the
/// same in other words.
fn lines() -> impl Strategy<Value = Vec<PricedLine>> {
    let prices = select(&["1", "1.00", "1.5", "0.125", "0.1250"][..]);
    let line = (select(&["A", "B"][..]), 1_i64..4, prices, 0_i64..3);
    vec(line, 1..6).prop_map(|lines| {
        let text = lines
            .iter()
            .map(|(sku, quantity, price, discount)| format!("{sku} {quantity} {price} {discount}"));
        priced(&text.collect::<Vec<_>>().join(";"))
    })
}

proptest! {
    #[test]
    fn lines_in_another_order_and_split_are_the_same(
        (lines, shuffled) in lines().prop_flat_map(|l| (Just(l.clone()), Just(l).prop_shuffle())),
        at: prop::sample::Index, quantity in 1_i64..4, discount in 0_i64..3,
    ) {
        let promise = Promise::new(&offer(), sent(&lines, "DE"), FROM);
        prop_assert_eq!(promise.covers(&sent(&shuffled, "DE")), Ok(()));
        let mut split = shuffled;
        let line = at.get_mut(&mut split);
        if quantity < line.quantity && discount <= line.discount {
            line.quantity -= quantity;
            line.discount -= discount;
            let rest = PricedLine { quantity, discount, ..line.clone() };
            split.push(rest);
        }
        prop_assert_eq!(promise.covers(&sent(&split, "DE")), Ok(()));
    }

    #[test]
    fn whatever_else_is_changed_of_lines_is_noticed(
        lines in lines(), at: prop::sample::Index, more in 1_i64..4, what in 0..4,
    ) {
        let promise = Promise::new(&offer(), sent(&lines, "DE"), FROM);
        let mut other = lines;
        let line = at.get_mut(&mut other);
        match what {
            0 => line.quantity += more,
            1 => line.discount += more,
            2 => line.sku = id("C"),
            _ => line.unit_price = "7.5".parse().expect("a price"),
        }
        prop_assert_eq!(promise.covers(&sent(&other, "DE")), Err(Mismatch::Lines));
    }
}
