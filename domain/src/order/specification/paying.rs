//! Authorisations and captures.

use super::{Given, commands::*, given};
use crate::order::{OrderCommand, OrderEvent, Rejection, command::Settled};
use contracts::order::PaymentStatus;

fn authorized(amount: i64) -> Given {
    given([placed(), authorize(amount)])
}

fn exceeds(requested: i64, capturable: i64) -> Rejection {
    Rejection::CaptureExceedsAuthorized {
        requested,
        capturable,
    }
}

fn status(commands: impl IntoIterator<Item = OrderCommand>) -> PaymentStatus {
    given(commands).after().payment_status
}

#[test]
fn a_capture_is_at_most_what_is_authorised_and_not_captured() {
    let order = authorized(100).and(capture("p1", 60));
    order.when(capture("p1", 41)).rejects(&exceeds(41, 40));
    order.when(capture("p1", 40)).stores(&["PaymentCaptured"]);
    order
        .when(capture("p1", i64::MAX))
        .rejects(&exceeds(i64::MAX, 40));
}

#[test]
fn without_an_amount_all_that_is_left_is_captured() {
    let order = authorized(100)
        .and(capture("p1", 60))
        .and(taking("p1", None, false));
    assert_eq!(order.totals().captured, 100);
    order
        .when(taking("p1", None, false))
        .rejects(&exceeds(0, 0));
}

#[test]
fn a_pending_capture_reserves_its_amount() {
    let order = authorized(100).and(request_capture("p1", 60));
    assert_eq!(order.totals().captured, 0);
    order.when(capture("p1", 41)).rejects(&exceeds(41, 40));
    order
        .when(request_capture("p1", 41))
        .rejects(&exceeds(41, 40));
}

#[test]
fn a_capture_that_succeeds_is_the_one_that_was_requested() {
    let order = authorized(100).and(request_capture("p1", 60));
    let then = order.when(settle_capture("c1", Settled::Succeeded));
    assert!(
        matches!(then.event(), OrderEvent::PaymentCaptured(e) if e.capture_id == "c1" && e.amount == 60)
    );
    assert_eq!(then.totals().captured, 60);
    let next = order
        .and(settle_capture("c1", Settled::Succeeded))
        .when(capture("p1", 1));
    assert!(matches!(next.event(), OrderEvent::PaymentCaptured(e) if e.capture_id == "c2"));
}

#[test]
fn a_capture_that_fails_frees_its_amount() {
    let order = authorized(100).and(request_capture("p1", 60));
    let order = order.and(settle_capture("c1", Settled::Failed));
    order.when(capture("p1", 100)).stores(&["PaymentCaptured"]);
}

#[test]
fn the_outcome_of_a_capture_is_told_once() {
    let known = Rejection::AlreadySettled { id: "c1".into() };
    for outcome in [Settled::Succeeded, Settled::Failed] {
        let order = authorized(100).and(request_capture("p1", 60));
        let settled = order.and(settle_capture("c1", outcome));
        settled
            .when(settle_capture("c1", Settled::Failed))
            .rejects(&known);
    }
    let direct = authorized(100).and(capture("p1", 60));
    direct
        .when(settle_capture("c1", Settled::Failed))
        .rejects(&known);
    direct
        .when(settle_capture("c01", Settled::Failed))
        .fails_with("capture_not_found");
    direct
        .when(settle_capture("c2", Settled::Failed))
        .fails_with("capture_not_found");
}

#[test]
fn what_a_provider_did_is_recorded_although_the_order_was_cancelled() {
    let order = authorized(100).and(request_capture("p1", 60)).and(cancel());
    let captured = order.and(settle_capture("c1", Settled::Succeeded));
    assert_eq!(captured.totals().balance_due, -60);
    captured
        .when(capture("p1", 1))
        .rejects(&Rejection::OrderIsCancelled);
}

#[test]
fn a_payment_is_voided_only_while_nothing_is_captured() {
    let captured = Rejection::PaymentCaptured {
        captured: 1,
        pending: 2,
    };
    let order = authorized(100)
        .and(capture("p1", 1))
        .and(request_capture("p1", 2));
    order.when(void("p1")).rejects(&captured);
    order.when(fail("p1")).rejects(&captured);
    let voided = authorized(100).and(void("p1"));
    voided.when(void("p1")).stores_nothing();
    voided.when(fail("p1")).rejects(&Rejection::PaymentEnded);
    voided
        .when(capture("p1", 1))
        .rejects(&Rejection::PaymentEnded);
}

#[test]
fn a_failed_payment_stays_failed() {
    let failed = authorized(100).and(fail("p1"));
    failed.when(fail("p1")).stores_nothing();
    failed.when(void("p1")).rejects(&Rejection::PaymentEnded);
}

#[test]
fn an_authorisation_is_given_up_on_a_cancelled_order_too() {
    authorized(100)
        .and(cancel())
        .when(void("p1"))
        .stores(&["PaymentVoided"]);
}

#[test]
fn the_payment_status_follows_the_money() {
    let paid = || vec![placed(), authorize(5_000), capture("p1", 4_000)];
    let and = |more: Vec<OrderCommand>| status(paid().into_iter().chain(more));
    assert_eq!(status([placed(), authorize(1)]), PaymentStatus::Authorized);
    assert_eq!(
        status([placed(), authorize(1), void("p1")]),
        PaymentStatus::Voided
    );
    assert_eq!(
        status([placed(), authorize(1), fail("p1")]),
        PaymentStatus::None
    );
    assert_eq!(
        status([placed(), authorize(1), capture("p1", 1)]),
        PaymentStatus::PartiallyPaid
    );
    assert_eq!(status(paid()), PaymentStatus::Paid);
    assert_eq!(and(vec![capture("p1", 1)]), PaymentStatus::Overpaid);
    assert_eq!(and(vec![refund("p1", 1)]), PaymentStatus::PartiallyRefunded);
    assert_eq!(and(vec![refund("p1", 4_000)]), PaymentStatus::Refunded);
    assert_eq!(and(vec![charge_back("p1", 4_000)]), PaymentStatus::Refunded);
}

#[test]
fn sums_of_payments_beyond_64_bits_are_refused() {
    let order = given([
        placed(),
        authorize(i64::MAX),
        authorize(i64::MAX),
        capture("p1", i64::MAX),
    ]);
    order
        .when(capture("p2", 1))
        .rejects(&Rejection::AmountOverflow { line: None });
}

#[test]
fn money_that_went_back_twice_is_counted_without_overflow() {
    let most = i64::MAX;
    let order = given([
        placed(),
        authorize(most),
        capture("p1", most),
        refund("p1", most),
    ]);
    let twice = order.and(charge_back("p1", most)).after();
    assert_eq!(twice.payment_status, PaymentStatus::Refunded);
    assert_eq!(twice.totals.balance_due, most);
}

#[test]
fn credits_beyond_64_bits_stop_at_what_the_order_costs() {
    let most = i64::MAX;
    let order = given([
        placed(),
        credit(4_000, None),
        authorize(most),
        capture("p1", most),
    ]);
    let totals = order.and(refund("p1", most)).totals();
    assert_eq!((totals.credited, totals.balance_due), (4_000, 0));
}
