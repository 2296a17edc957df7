//! The rules of shipping: tables of each, and properties of all.

mod aggregates;
mod baskets;
mod canonical;
mod content;
mod drawn;
mod priced;
mod promises;
mod properties;
mod refusals;
mod rules;
mod stored;
mod zones;

use super::{
    Basket, BasketLine, Destination, Method, Quote, Zone, quote,
    zone::{NewPostalCodes, NewZone},
};
use crate::{country::Country, text::Id};
use serde_json::{Value, json};

fn id(text: &str) -> Id {
    text.try_into().expect("an id")
}

fn country(code: &str) -> Country {
    Country::try_from(code.to_owned()).expect("a country")
}

/// A zone of rules such as `DE US-CA GB:SW1A_1 DE:80331..81929 *`; `_` is a
/// space.
fn new_zone(name: &str, rules: &str) -> NewZone {
    let mut zone = NewZone {
        id: id(name),
        name: "Zone".try_into().expect("a name"),
        countries: Vec::new(),
        regions: Vec::new(),
        postal_codes: Vec::new(),
        rest_of_world: false,
    };
    for rule in rules.split_whitespace() {
        match rule.split_once(':') {
            Some((code, codes)) => zone.postal_codes.push(postal_codes(code, codes)),
            None if rule == "*" => zone.rest_of_world = true,
            None if rule.contains('-') => {
                let region = rule.to_owned().try_into();
                zone.regions.push(region.expect("a region"));
            }
            None => zone.countries.push(country(rule)),
        }
    }
    zone
}

fn postal_codes(code: &str, codes: &str) -> NewPostalCodes {
    let text = |text: &str| id(&text.replace('_', " "));
    let country = country(code);
    match codes.split_once("..") {
        Some((from, to)) => NewPostalCodes::Range {
            country,
            from: text(from),
            to: text(to),
        },
        None => NewPostalCodes::Beginning {
            country,
            prefix: text(codes),
        },
    }
}

fn zone(name: &str, rules: &str) -> Zone {
    Zone::new(new_zone(name, rules)).expect("a zone")
}

/// A place such as `DE`, `US/CA` or `DE/BY/80331`.
fn place(text: &str) -> Destination {
    let mut parts = text.split('/');
    let code = parts.next().expect("a country");
    let mut part = || parts.next().filter(|part| !part.is_empty());
    let (region, postal_code) = (part(), part());
    Destination::new(country(code), region, postal_code)
}

/// Lines such as `A 2 1000 500; B 1 250 ?`: SKU, quantity, amount, grams of
/// one.
fn lines(text: &str) -> Vec<BasketLine> {
    let line = |line: &str| {
        let mut parts = line.split_whitespace();
        let mut part = || parts.next().expect("a part");
        BasketLine {
            sku: id(part()),
            quantity: part().parse().expect("a quantity"),
            amount: part().parse().expect("an amount"),
            weight_grams: part().parse().ok(),
        }
    };
    text.split(';').map(line).collect()
}

/// A basket in euros, on the platform `web`, whose prices have no tax in them.
fn basket(text: &str) -> Basket {
    basket_of(lines(text))
}

fn basket_of(lines: Vec<BasketLine>) -> Basket {
    let web = "web".try_into().expect("a slug");
    let euro = "EUR".parse().expect("known");
    Basket::new(web, euro, false, lines).expect("a basket")
}

/// A method as it is published, of what `change` says about it and, below
/// `rate`, about its rate in euros. It ships to zone `z`, for 500.
fn published(change: &Value) -> Value {
    let mut method = json!({"id": "m", "name": "Method", "zones": ["z"], "archived": false});
    let mut rate = json!({"currency": "EUR", "charge": {"kind": "flat", "amount": 500}});
    for (name, value) in change.as_object().expect("members") {
        if name == "rate" {
            let members = value.as_object().expect("members").clone();
            rate.as_object_mut().expect("a rate").extend(members);
        } else {
            method[name] = value.clone();
        }
    }
    if method.get("rates").is_none() {
        method["rates"] = json!([rate]);
    }
    method
}

fn method(change: &Value) -> Method {
    let published = serde_json::from_value(published(change)).expect("a method");
    Method::read(&published).expect("valid")
}

/// What became of the only method: `500`, `500 tax 95`, `1500 in 3 parcels`, or
/// the reasons with their details.
fn told(quote: &Quote) -> String {
    match (quote.offers.as_slice(), quote.refused.as_slice()) {
        ([offer], []) => {
            let tax = match offer.tax {
                0 => String::new(),
                tax => format!(" tax {tax}"),
            };
            let parcels = match offer.parcels {
                1 => String::new(),
                parcels => format!(" in {parcels} parcels"),
            };
            format!("{}{tax}{parcels}", offer.amount)
        }
        ([], [refused]) => {
            let reasons = refused.reasons.iter().map(|reason| {
                let figures = reason.figures().into_iter();
                let figures = figures.map(|(name, value)| format!(" {name} {value}"));
                format!("{}{}", reason.code(), figures.collect::<String>())
            });
            reasons.collect::<Vec<_>>().join(", ")
        }
        other => panic!("one method: {other:?}"),
    }
}

/// Told of one method, for this basket, sent to zone `z`.
fn outcome(method: Method, basket: &Basket) -> String {
    let zones = [zone("z", "DE"), zone("w", "FR")];
    told(&quote(basket, &place("DE"), &zones, &[method]))
}

/// A rule, a method that has it, and what becomes of baskets.
type Row<'a> = (&'a str, Value, &'a [(&'a str, &'a str)]);

fn holds(rows: &[Row<'_>]) {
    for (rule, change, baskets) in rows {
        for (text, expected) in *baskets {
            let outcome = outcome(method(change), &basket(text));
            assert_eq!(outcome, *expected, "{rule}: {text}");
        }
    }
}

fn charge(charge: &Value) -> Value {
    json!({"rate": {"charge": charge}})
}
