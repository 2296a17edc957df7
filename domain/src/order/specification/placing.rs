//! Placing an order, and what it costs.

use super::{commands::*, given, nothing};
use crate::order::Rejection;
use contracts::order::{FulfillmentStatus, OrderStatus, PaymentStatus};

#[test]
fn placing_sums_the_lines_and_shipping() {
    let mut new = order(vec![taxed(2, "2.55", 10, 100), line(1, "0.125")]);
    new.shipping = Some(shipping(300, 60));
    let totals = nothing()
        .when(place_order(new))
        .stores(&["OrderPlaced"])
        .totals();
    assert_eq!((totals.items, totals.discounts), (522, 10));
    assert_eq!((totals.shipping, totals.tax), (300, 160));
    assert_eq!((totals.total, totals.balance_due), (972, 972));
}

#[test]
fn a_tax_that_prices_include_is_told_and_not_added() {
    let mut new = order(vec![taxed(1, "12", 0, 200)]);
    new.prices_include_tax = true;
    let totals = nothing().when(place_order(new)).totals();
    assert_eq!(
        (totals.tax, totals.included_tax, totals.total),
        (0, 200, 1_200)
    );
}

#[test]
fn an_included_tax_is_at_most_the_price_that_includes_it() {
    let mut new = order(vec![taxed(1, "1", 20, 81)]);
    new.prices_include_tax = true;
    let refused = Rejection::TaxOutOfRange { line: 0, tax: 81 };
    nothing().when(place_order(new)).rejects(&refused);
}

#[test]
fn a_placed_order_is_unpaid_and_unfulfilled() {
    let after = given([placed()]).after();
    assert_eq!(after.status, OrderStatus::Placed);
    assert_eq!(after.payment_status, PaymentStatus::None);
    assert_eq!(after.fulfillment_status, FulfillmentStatus::Unfulfilled);
}

#[test]
fn an_order_that_costs_nothing_counts_as_paid() {
    let free = given([place(vec![line(1, "0")])]);
    assert_eq!(free.after().payment_status, PaymentStatus::Paid);
}

#[test]
fn an_order_is_placed_once() {
    let taken = Rejection::ExternalIdTaken { order_id: ORDER };
    given([placed()]).when(placed()).rejects(&taken);
    given([placed()]).when(draft(vec![])).rejects(&taken);
}

#[test]
fn an_order_needs_lines_with_positive_quantities() {
    nothing().when(place(vec![])).rejects(&Rejection::NoLines);
    for quantity in [0, -1, i64::MIN, 1_000_000_001] {
        let refused = Rejection::QuantityOutOfRange {
            line: 1,
            quantity,
            limit: 1_000_000_000,
        };
        let lines = vec![line(1, "1"), line(quantity, "1")];
        nothing().when(place(lines)).rejects(&refused);
    }
}

#[test]
fn sums_beyond_64_bits_are_refused() {
    nothing()
        .when(place(vec![line(1_000_000_000, "999999999999999")]))
        .rejects(&Rejection::AmountOverflow { line: Some(0) });
    nothing()
        .when(place(vec![line(90_000, "999999999999"); 2]))
        .rejects(&Rejection::AmountOverflow { line: None });
}

#[test]
fn a_discount_never_exceeds_its_line() {
    let refused = Rejection::DiscountOutOfRange {
        line: 0,
        discount: 101,
        amount: 100,
    };
    nothing()
        .when(place(vec![taxed(1, "1", 101, 0)]))
        .rejects(&refused);
}

#[test]
fn labels_are_kept_once_and_sorted() {
    let mut new = order(vec![line(1, "1")]);
    new.tags = vec![id("b"), id("a"), id("b")];
    let placed = given([place_order(new)]);
    assert!(placed.order.tags.iter().eq(["a", "b"]));
}
