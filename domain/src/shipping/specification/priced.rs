//! What lines cost, and which ones no order takes.

use super::id;
use crate::shipping::{PricedLine, check_count};

fn line(quantity: i64, price: &str, discount: i64) -> PricedLine {
    PricedLine {
        sku: id("A"),
        quantity,
        unit_price: price.parse().expect("a price"),
        discount,
    }
}

#[test]
fn a_line_costs_what_it_would_on_an_order() {
    for (quantity, price, discount, amount) in [
        (3, "2.50", 0, 750),
        (3, "0.125", 0, 38),
        (1, "0.125", 0, 12),
        (3, "2.50", 750, 0),
        (3, "2.50", 1, 749),
        (1_000_000_000, "0.01", 0, 1_000_000_000),
    ] {
        let line = line(quantity, price, discount);
        let euro = "EUR".parse().expect("known");
        assert_eq!(line.amount(0, euro), Ok(amount), "{line:?}");
    }
}

#[test]
fn what_no_order_takes_is_refused() {
    let refused = |line: PricedLine| {
        let euro = "EUR".parse().expect("known");
        let refused = line.amount(7, euro).expect_err("refused");
        (refused.code(), refused.pointer().unwrap_or_default())
    };
    for (quantity, price, discount, code, pointer) in [
        (0, "1", 0, "quantity_out_of_range", "/lines/7/quantity"),
        (-1, "1", 0, "quantity_out_of_range", "/lines/7/quantity"),
        (1, "-0.01", 0, "negative_price", "/lines/7/unit_price"),
        (1, "1", 101, "discount_out_of_range", "/lines/7/discount"),
        (1, "1", -1, "discount_out_of_range", "/lines/7/discount"),
        (1_000_000_000, "999999999999999", 0, "amount_overflow", ""),
    ] {
        let line = line(quantity, price, discount);
        assert_eq!(refused(line), (code, pointer.to_owned()), "{price}");
    }
    assert_eq!(check_count(0).map_err(|e| e.code()), Err("no_lines"));
    assert_eq!(check_count(1), Ok(()));
    assert_eq!(check_count(5_000), Ok(()));
    assert_eq!(
        check_count(5_001).map_err(|e| e.code()),
        Err("too_many_lines")
    );
}
