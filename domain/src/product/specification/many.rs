//! A catalogue is saved as a whole, again and again.

use super::{bare, given, lamp, price};
use crate::product::{Product, ProductCommand, SaveProduct, decide, evolve};

const PRODUCTS: usize = 100_000;

fn product(number: usize) -> ProductCommand {
    let save = SaveProduct {
        prices: Some(vec![
            price(None, "EUR", "19.99"),
            price(Some("web"), "EUR", "17.99"),
        ]),
        ..bare(&format!("SKU-{number}"))
    };
    save.into()
}

/// One event for each product that is new, none for one that is as it was, and
/// no event larger than its product.
#[test]
fn a_catalogue_that_is_saved_again_stores_what_has_changed() {
    let (mut stored, mut again) = (0, 0);
    for number in 0..PRODUCTS {
        let events = decide(&Product::default(), product(number)).expect("valid");
        let saved = events.iter().fold(Product::default(), evolve);
        stored += events.len();
        again += decide(&saved, product(number)).expect("valid").len();
    }
    assert_eq!((stored, again), (PRODUCTS, 0));
}

#[test]
fn an_event_is_the_product_and_little_more() {
    let product = given([bare("LAMP-1").into()]);
    let events = decide(&product, lamp().into()).expect("valid");
    let event = serde_json::to_string(&events).expect("JSON").len();
    let alone = serde_json::to_string(&given([lamp().into()]))
        .expect("JSON")
        .len();
    assert!(event < alone + 150, "{event} bytes of {alone}");
}
