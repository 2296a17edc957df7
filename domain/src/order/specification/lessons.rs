//! Mistakes that other systems are known for, each as a test.

use super::{commands::*, given, nothing};
use crate::order::{OrderEvent, decide};
use contracts::order::{FulfillmentStatus, RefundPurpose};

#[test]
fn a_capture_sent_twice_takes_the_money_once() {
    let order = given([placed(), authorize(4_000), capture("p1", 4_000)]);
    order
        .when(capture("p1", 4_000))
        .fails_with("capture_exceeds_authorized");
    order
        .when(taking("p1", None, false))
        .fails_with("capture_exceeds_authorized");
    assert_eq!(order.totals().captured, 4_000);
}

#[test]
fn of_two_refunds_of_sixty_on_a_captured_hundred_exactly_one_wins() {
    let order = given([placed(), authorize(100), capture("p1", 100)]);
    for both in [refund("p1", 60), request_refund("p1", 60)] {
        // Both are decided on the same state; the loser is decided again.
        assert!(decide(&order.order, both.clone()).is_ok());
        let first = order.clone().and(both.clone());
        first.when(both).fails_with("refund_exceeds_captured");
    }
}

#[test]
fn the_total_is_what_the_lines_show_and_what_is_captured() {
    // 1,000 screws at 0.004: each rounds to nothing, the line does not.
    let lines = vec![line(1_000, "0.004"), line(3, "0.335"), line(3, "0.335")];
    let order = given([place(lines)]);
    let shown: i64 = order.order.lines.iter().map(|l| l.line.amount).sum();
    assert_eq!((shown, order.totals().total), (600, 600));
    let paid = order.and(authorize(600)).and(capture("p1", 600));
    assert_eq!(paid.totals().balance_due, 0);
}

#[test]
fn a_partially_fulfilled_order_is_not_cancelled_but_its_rest_is() {
    let order = given([
        placed(),
        authorize(4_000),
        capture("p1", 4_000),
        fulfill(&[("l1", 1)]),
        ship("f1"),
    ]);
    order.when(cancel()).fails_with("fulfillments_live");
    let rest = order.and(cancel_lines(&[("l1", 2), ("l2", 2)]));
    assert_eq!(rest.totals().total, 1_000);
    assert_eq!(
        rest.after().fulfillment_status,
        FulfillmentStatus::Fulfilled
    );
    let settled = rest.and(refund_for("p1", 3_000, RefundPurpose::Cancellation));
    assert_eq!(settled.totals().balance_due, 0);
}

#[test]
fn an_edited_order_is_refunded_what_was_captured_and_not_what_it_costs_now() {
    let order = given([
        placed(),
        authorize(4_000),
        capture("p1", 4_000),
        change("l1", 1),
    ]);
    assert_eq!(order.totals().balance_due, -2_000);
    let settled = order
        .clone()
        .and(refund_for("p1", 2_000, RefundPurpose::Overpayment));
    assert_eq!(settled.totals().balance_due, 0);
    settled
        .when(refund_for("p1", 1, RefundPurpose::Overpayment))
        .fails_with("refund_exceeds_overpayment");
    let dearer = order.and(change("l1", 9));
    dearer
        .when(refund("p1", 4_001))
        .fails_with("refund_exceeds_captured");
}

#[test]
fn no_more_comes_back_than_was_shipped() {
    let order = given([
        placed(),
        fulfill(&[("l1", 3)]),
        unpack("f1"),
        fulfill(&[("l1", 1)]),
        ship("f2"),
    ]);
    order
        .when(send_back(&[("l1", 2)]))
        .fails_with("return_exceeds_shipped");
    let asked = order.and(send_back(&[("l1", 1)]));
    asked
        .when(send_back(&[("l1", 1)]))
        .fails_with("return_exceeds_shipped");
}

#[test]
fn a_discount_of_a_third_on_three_lines_loses_no_penny() {
    let lines = vec![line(1, "0.10"), line(1, "0.10"), line(1, "0.10")];
    let order = given([place(lines), discount(percent("33.3333"), None)]);
    let shares = &order.order.discounts[0].allocations;
    let amounts: Vec<i64> = shares.iter().map(|a| a.amount).collect();
    assert_eq!(amounts, [4, 3, 3]);
    assert_eq!(order.totals().total, 20);
}

#[test]
fn a_void_after_a_capture_does_not_lose_the_money() {
    let order = given([placed(), authorize(4_000), capture("p1", 1)]);
    order.when(void("p1")).fails_with("payment_captured");
}

#[test]
fn a_quantity_off_by_sign_never_pays_the_customer() {
    nothing()
        .when(place(vec![line(-1, "10")]))
        .fails_with("quantity_out_of_range");
    given([placed()])
        .when(change("l1", -1))
        .fails_with("quantity_out_of_range");
    given([placed()])
        .when(authorize(-1))
        .fails_with("amount_not_positive");
}

#[test]
fn ids_of_parts_are_never_used_again() {
    let order = given([
        placed(),
        fulfill(&[("l1", 1)]),
        unpack("f1"),
        discount(fixed(1), None),
        remove_discount("d1"),
    ]);
    let next = order.when(fulfill(&[("l1", 1)]));
    assert!(matches!(next.event(), OrderEvent::FulfillmentCreated(e) if e.fulfillment_id == "f2"));
    let next = order.when(discount(fixed(1), None));
    assert!(matches!(next.event(), OrderEvent::DiscountApplied(e) if e.discount_id == "d2"));
}
