//! What is generated, as a whole.

use super::{Arguments, Generator, Story};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::macros::date;

fn arguments(orders: u64) -> Arguments {
    Arguments::of(orders, date!(2026 - 03 - 01))
}

/// Every line, in the order in which they are sent.
fn lines(arguments: Arguments) -> Vec<String> {
    let generator = Generator::new(arguments).expect("a shop");
    let alone = generator.foundations().expect("lines").into_iter();
    let alone = alone
        .chain(generator.products().map(|line| line.expect("a product")))
        .chain(generator.past().map(|line| line.expect("an order")));
    let lived = generator.lived().map(|story| story.expect("a life"));
    let stories = alone.map(Story::from).chain(lived);
    let lines = stories.flat_map(|story| std::iter::once(story.first).chain(story.then));
    let text = |line: super::Line| String::from_utf8(line.text().to_vec()).expect("text");
    lines.map(text).collect()
}

fn read(lines: &[String]) -> Vec<Value> {
    let read = lines.iter().map(|line| serde_json::from_str(line));
    read.map(|line| line.expect("JSON")).collect()
}

fn of<'a>(lines: &'a [Value], op: &'a str) -> impl Iterator<Item = &'a Value> {
    let of = lines.iter().filter(move |line| line["op"] == op);
    of.map(|line| &line["body"])
}

#[test]
fn the_same_arguments_make_the_same_lines_byte_for_byte() {
    let first = lines(arguments(300));
    assert_eq!(first, lines(arguments(300)));
    let another = lines(Arguments {
        seed: 2,
        ..arguments(300)
    });
    assert_ne!(first, another);
}

#[test]
fn no_two_lines_have_a_key_and_no_two_orders_a_name() {
    let lines = read(&lines(arguments(400)));
    let keys: BTreeSet<_> = lines.iter().map(|line| line["key"].as_str()).collect();
    assert_eq!(keys.len(), lines.len());
    assert!(!keys.contains(&None));
    let made = ["import_order", "place_order", "create_draft"];
    let made = made.into_iter().flat_map(|op| of(&lines, op));
    let made: Vec<_> = made.map(|order| order["external_id"].to_string()).collect();
    let names: BTreeSet<_> = made.iter().collect();
    assert_eq!((made.len(), names.len()), (400, 400));
}

#[test]
fn what_there_is_before_orders_is_the_same_whatever_they_are() {
    let before = |arguments: Arguments| {
        let lines = lines(arguments).into_iter();
        let saved = lines.filter(|line| line.contains(r#""op":"save_"#));
        saved.collect::<Vec<_>>()
    };
    let other = Arguments {
        seed: 9,
        days: 90,
        ..arguments(60)
    };
    assert_eq!(before(arguments(60)), before(other));
}

#[test]
fn most_is_sold_of_the_first_products_and_to_customers_who_come_again() {
    let lines = read(&lines(Arguments {
        products: 100,
        customers: 500,
        ..arguments(3_000)
    }));
    let (mut sold, mut orders) = (BTreeMap::new(), BTreeMap::new());
    for order in of(&lines, "import_order") {
        for line in order["lines"].as_array().expect("lines") {
            *sold.entry(line["sku"].to_string()).or_insert(0_u32) += 1;
        }
        if let Some(customer) = order["customer"]["id"].as_str() {
            *orders.entry(customer).or_insert(0_u32) += 1;
        }
    }
    let mut sold: Vec<u32> = sold.into_values().collect();
    sold.sort_unstable_by(|a, b| b.cmp(a));
    let (head, all): (u32, u32) = (sold.iter().take(20).sum(), sold.iter().sum());
    assert!(
        head * 2 > all && head * 10 < all * 9,
        "{head} of {all} lines are of the first fifth"
    );
    assert!(sold.len() > 90, "{} products are sold", sold.len());
    let again = orders.values().filter(|orders| **orders > 1).count();
    assert!(again * 2 > orders.len() && orders.len() > 250, "{orders:?}");
}

#[test]
fn there_is_some_of_everything() {
    let lines = read(&lines(arguments(300)));
    let imports: Vec<&Value> = of(&lines, "import_order").collect();
    let some = |what: &dyn Fn(&Value) -> bool| imports.iter().filter(|order| what(order)).count();
    let has = |member: &'static str| some(&move |order| !order[member].is_null());
    assert!(some(&|order| order["kind"] == "credit") > 2);
    assert!(has("refunds") > 5 && has("cancellation") > 2 && has("fulfillments") > 200);
    assert!(some(&|order| order["customer"]["id"].is_null()) > 20);
    for member in ["currency", "platform"] {
        let all: BTreeSet<String> = imports.iter().map(|o| o[member].to_string()).collect();
        assert!(all.len() > 4, "{all:?}");
    }
    let ops: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line["op"].as_str())
        .collect();
    for op in [
        "complete_draft",
        "hold_order",
        "update_tracking",
        "exchange_return",
        "close_return",
        "record_chargeback",
        "grant_credit",
        "archive_order",
        "issue_invoice",
        "fail_payment",
        "cancel_fulfillment",
        "apply_discount",
    ] {
        assert!(ops.contains(op), "nobody does {op}");
    }
}

#[test]
fn what_is_paid_is_what_lines_and_shipping_come_to() {
    let lines = read(&lines(arguments(1_000)));
    let platforms: BTreeMap<&str, bool> = lines
        .iter()
        .filter(|line| line["op"] == "save_platform")
        .map(|line| {
            let slug = line["platform"].as_str().expect("a slug");
            (slug, line["body"]["prices_include_tax"] == true)
        })
        .collect();
    let mut paid = 0;
    for order in of(&lines, "import_order") {
        let Some(payment) = order["payments"].get(0) else {
            continue;
        };
        let currency = order["currency"].as_str().expect("a currency");
        let currency = currency.parse().expect("a known one");
        let included = platforms[order["platform"].as_str().expect("a slug")];
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let mut total = 0;
        for line in order["lines"].as_array().expect("lines") {
            let price: domain::money::Price =
                serde_json::from_value(line["unit_price"].clone()).expect("a price");
            let amount = price.amount(number(&line["quantity"]), currency);
            let amount = amount.expect("it fits") - number(&line["discount"]);
            let tax = number(&line["tax"]);
            assert!((0..=amount).contains(&tax), "{order}");
            total += amount + if included { 0 } else { tax };
        }
        let shipping = &order["shipping"];
        let tax = number(&shipping["tax"]);
        total += number(&shipping["amount"]) + if included { 0 } else { tax };
        assert_eq!(payment["amount"], total, "{order}");
        paid += 1;
    }
    assert!(paid > 800);
}

#[test]
fn nothing_happens_on_the_last_day_or_after_it() {
    for line in lines(Arguments {
        until: date!(2020 - 02 - 10),
        days: 60,
        ..arguments(300)
    }) {
        for word in line.split('"') {
            let time =
                time::OffsetDateTime::parse(word, &time::format_description::well_known::Rfc3339);
            let there = time.is_ok_and(|time| time.date() >= date!(2020 - 02 - 10));
            assert!(!there, "{line}");
        }
    }
}
