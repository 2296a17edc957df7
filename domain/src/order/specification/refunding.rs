//! Money back: refunds, credits, chargebacks.

use super::{Given, commands::*, given};
use crate::order::{OrderEvent, Rejection, command::Settled};
use contracts::order::RefundPurpose;

fn paid() -> Given {
    given([placed(), authorize(4_000), capture("p1", 4_000)])
}

fn exceeds(requested: i64, refundable: i64) -> Rejection {
    Rejection::RefundExceedsCaptured {
        requested,
        refundable,
    }
}

fn came_back() -> Given {
    paid()
        .and(fulfill(&[("l1", 3)]))
        .and(ship("f1"))
        .and(send_back(&[("l1", 2)]))
        .and(approve("r1"))
        .and(receive("r1", &[("l1", 1)]))
}

#[test]
fn a_refund_is_at_most_what_is_captured_and_not_refunded() {
    let order = paid().and(refund("p1", 2_500));
    order
        .when(refund("p1", 1_501))
        .rejects(&exceeds(1_501, 1_500));
    order.when(refund("p1", 1_500)).stores(&["RefundIssued"]);
}

#[test]
fn a_pending_refund_reserves_its_amount_until_its_outcome() {
    let order = paid().and(request_refund("p1", 2_500));
    order
        .when(refund("p1", 1_501))
        .rejects(&exceeds(1_501, 1_500));
    let failed = order.clone().and(settle_refund("rf1", Settled::Failed));
    failed.when(refund("p1", 4_000)).stores(&["RefundIssued"]);
    let done = order.and(settle_refund("rf1", Settled::Succeeded));
    assert_eq!(
        (done.totals().refunded, done.totals().credited),
        (2_500, 2_500)
    );
    let known = Rejection::AlreadySettled { id: "rf1".into() };
    done.when(settle_refund("rf1", Settled::Failed))
        .rejects(&known);
}

#[test]
fn goodwill_and_returns_credit_the_order_so_that_it_stays_settled() {
    assert_eq!(paid().and(refund("p1", 700)).totals().balance_due, 0);
    let returned = came_back().and(refund_return("p1", 1_000, "r1"));
    assert_eq!(
        (returned.totals().credited, returned.totals().balance_due),
        (1_000, 0)
    );
}

#[test]
fn money_for_cancelled_lines_is_no_credit_and_at_most_what_was_paid_too_much() {
    let order = paid().and(cancel_lines(&[("l1", 1)]));
    let too_much = Rejection::RefundExceedsOverpayment {
        requested: 1_001,
        overpaid: 1_000,
    };
    let purpose = RefundPurpose::Cancellation;
    order
        .when(refund_for("p1", 1_001, purpose))
        .rejects(&too_much);
    let settled = order.and(refund_for("p1", 1_000, purpose));
    assert_eq!(
        (settled.totals().credited, settled.totals().balance_due),
        (0, 0)
    );
}

#[test]
fn what_is_on_its_way_back_is_not_paid_too_much_any_more() {
    let order = paid().and(cancel_lines(&[("l1", 1)]));
    let mut pending = giving_back("p1", 600);
    pending.purpose = Some(RefundPurpose::Overpayment);
    pending.pending = true;
    let too_much = Rejection::RefundExceedsOverpayment {
        requested: 401,
        overpaid: 400,
    };
    let order = order.and(pending.into());
    order
        .when(refund_for("p1", 401, RefundPurpose::Overpayment))
        .rejects(&too_much);
}

#[test]
fn a_refund_for_a_return_names_it_and_only_such_a_one_does() {
    let order = came_back();
    order
        .when(refund_for("p1", 1, RefundPurpose::Return))
        .rejects(&Rejection::PurposeNeedsReturn);
    let mut other = giving_back("p1", 1);
    other.return_id = Some(id("r1"));
    other.purpose = Some(RefundPurpose::Goodwill);
    order
        .when(other.into())
        .rejects(&Rejection::PurposeNeedsReturn);
    let then = order.when(refund_return("p1", 1, "r1"));
    assert!(
        matches!(then.event(), OrderEvent::RefundIssued(e) if e.terms.purpose == RefundPurpose::Return)
    );
}

#[test]
fn a_return_is_refunded_once_goods_came_back() {
    let asked = paid()
        .and(fulfill(&[("l1", 3)]))
        .and(ship("f1"))
        .and(send_back(&[("l1", 2)]));
    asked
        .when(refund_return("p1", 1, "r1"))
        .fails_with("wrong_return_status");
}

#[test]
fn a_refund_for_a_return_that_was_closed_meanwhile_does_not_open_it() {
    let mut pending = giving_back("p1", 1_000);
    pending.return_id = Some(id("r1"));
    pending.pending = true;
    let closed = came_back().and(pending.into()).and(close("r1"));
    let done = closed.and(settle_refund("rf1", Settled::Succeeded));
    done.when(close("r1")).stores_nothing();
    let line = done.order.line("l1", None).expect("there");
    assert_eq!((line.return_requested, line.returned), (1, 1));
}

#[test]
fn the_currency_and_the_amount_are_looked_at_before_what_was_paid_too_much() {
    let order = paid();
    let purpose = RefundPurpose::Overpayment;
    order
        .when(refund_for("p1", 0, purpose))
        .fails_with("amount_not_positive");
    let mut foreign = giving_back("p1", 1);
    foreign.purpose = Some(purpose);
    foreign.sum.currency = Some("EUR".parse().expect("known"));
    order.when(foreign.into()).fails_with("currency_mismatch");
}

#[test]
fn a_credit_is_at_most_what_the_order_costs() {
    let order = given([placed(), credit(3_900, None)]);
    let refused = Rejection::CreditExceedsTotal {
        requested: 101,
        creditable: 100,
    };
    order.when(credit(101, None)).rejects(&refused);
    assert_eq!(order.and(credit(100, None)).totals().balance_due, 0);
}

#[test]
fn a_bank_takes_back_what_was_captured_whatever_was_refunded() {
    let order = paid()
        .and(refund("p1", 1_000))
        .and(charge_back("p1", 4_000));
    assert_eq!(order.totals().balance_due, 4_000);
    order.when(refund("p1", 1)).rejects(&exceeds(1, 0));
    let refused = Rejection::ChargebackExceedsCaptured {
        requested: 1,
        chargeable: 0,
    };
    order.when(charge_back("p1", 1)).rejects(&refused);
}

#[test]
fn a_credit_never_counts_for_more_than_the_order_costs() {
    let order = paid()
        .and(refund("p1", 3_000))
        .and(cancel_lines(&[("l1", 3)]));
    let totals = order.totals();
    assert_eq!(
        (totals.total, totals.credited, totals.balance_due),
        (1_000, 1_000, -1_000)
    );
}
