//! What is a basket, and what is none.

use super::{basket, basket_of, id, lines};
use crate::shipping::{Basket, BasketLine};

#[test]
fn a_basket_has_one_line_per_article() {
    let merged = basket("B 1 10 5; A 2 200 7; B 3 40 5");
    assert_eq!(merged, basket("A 2 200 7; B 4 50 5"));
    assert_eq!((merged.subtotal(), merged.units()), (250, 6));
    assert_eq!(merged.weight(), Ok(34));
}

#[test]
fn what_is_no_basket_is_told() {
    let refused = |lines: Vec<BasketLine>| {
        let (web, euro) = (
            "web".try_into().expect("a slug"),
            "EUR".parse().expect("known"),
        );
        let refused = Basket::new(web, euro, false, lines).expect_err("refused");
        (refused.code(), refused.pointer().unwrap_or_default())
    };
    for (text, code, pointer) in [
        ("A 0 1 ?", "quantity_out_of_range", "/lines/0/quantity"),
        (
            "A 1000000001 1 ?",
            "quantity_out_of_range",
            "/lines/0/quantity",
        ),
        ("A 1 1 ?; B 1 -1 ?", "negative_amount", "/lines/1/amount"),
        ("A 1 1 -1", "negative_weight", "/lines/0/weight_grams"),
        (
            "A 1 1 5; B 1 1 5; A 1 1 6",
            "weights_differ",
            "/lines/2/weight_grams",
        ),
        (
            "A 1 1 5; A 1 1 ?",
            "weights_differ",
            "/lines/1/weight_grams",
        ),
        ("A 1 9223372036854775807 ?; A 1 1 ?", "amount_overflow", ""),
        ("A 1 9223372036854775807 ?; B 1 1 ?", "amount_overflow", ""),
    ] {
        assert_eq!(refused(lines(text)), (code, pointer.to_owned()), "{text}");
    }
    assert_eq!(refused(Vec::new()), ("no_lines", "/lines".to_owned()));
    let one = lines("A 1 1 ?").remove(0);
    let many = (0..5_001).map(|n| BasketLine {
        sku: id(&n.to_string()),
        ..one.clone()
    });
    let many: Vec<BasketLine> = many.collect();
    assert_eq!(basket_of(many[1..].to_vec()).lines().len(), 5_000);
    assert_eq!(refused(many), ("too_many_lines", "/lines".to_owned()));
}
