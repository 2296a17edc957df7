//! Accepting, holding, cancelling, notes, labels, the archive, the invoice.

use super::{Given, commands::*, given, nothing};
use crate::order::{OrderEvent, Rejection};
use contracts::order::{Kind, OrderStatus, PaymentAmount, PaymentStatus, Settlement, Totals};

fn amount(payment: &str, amount: i64) -> PaymentAmount {
    PaymentAmount {
        payment: payment.into(),
        amount,
    }
}

fn settlement(order: &Given, command: crate::order::OrderCommand) -> Settlement {
    match order.when(command).event() {
        OrderEvent::OrderCancelled(e) => e.settlement.clone(),
        OrderEvent::LinesCancelled(e) => e.settlement.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn confirming_again_changes_nothing() {
    let order = given([placed(), confirm()]);
    assert!(order.order.confirmed);
    order.when(confirm()).stores_nothing();
}

#[test]
fn holds_are_a_set_by_handle() {
    let held = given([placed(), hold(Some("fraud")), hold(None)]);
    held.when(hold(Some("fraud"))).stores_nothing();
    held.when(hold(None)).stores(&["HoldPlaced"]);
    held.when(release(Some("fraud"))).stores(&["HoldReleased"]);
    held.when(release(Some("h2"))).stores(&["HoldReleased"]);
    held.when(release(None))
        .stores(&["HoldReleased", "HoldReleased"]);
}

#[test]
fn releasing_a_released_hold_changes_nothing_and_an_unknown_one_is_refused() {
    let released = given([placed(), hold(None), release(None)]);
    released.when(release(Some("h1"))).stores_nothing();
    released.when(release(None)).stores_nothing();
    released
        .when(release(Some("h2")))
        .fails_with("hold_not_found");
}

#[test]
fn a_cancelled_order_costs_nothing_and_stays_cancelled() {
    let cancelled = given([placed(), discount(fixed(100), None), cancel()]);
    assert_eq!(cancelled.totals(), Totals::default());
    assert_eq!(cancelled.after().status, OrderStatus::Cancelled);
    assert_eq!(cancelled.after().payment_status, PaymentStatus::None);
    cancelled.when(cancel()).stores_nothing();
}

#[test]
fn a_cancellation_names_what_to_void_and_what_to_refund() {
    let order = given([
        placed(),
        authorize(1_000),
        authorize(3_000),
        capture("p2", 2_500),
        refund("p2", 500),
        authorize(7),
        void("p3"),
    ]);
    let told = settlement(&order, cancel());
    assert_eq!(told.to_void, [amount("p1", 1_000)]);
    assert_eq!(told.to_refund, [amount("p2", 2_000)]);
    let cancelled = order.and(cancel());
    assert_eq!(cancelled.totals().balance_due, -2_000);
}

#[test]
fn cancelling_needs_no_live_fulfillment() {
    let order = given([placed(), fulfill(&[("l1", 1)])]);
    order.when(cancel()).fails_with("fulfillments_live");
    order
        .and(unpack("f1"))
        .when(cancel())
        .stores(&["OrderCancelled"]);
}

#[test]
fn only_sales_are_cancelled() {
    given([import(Kind::Credit, vec![line(-1, "1")])])
        .when(cancel())
        .rejects(&Rejection::NotForKind { kind: Kind::Credit });
}

#[test]
fn cancelled_units_cost_nothing_and_their_money_goes_back() {
    let paid = given([placed(), authorize(4_000), capture("p1", 4_000)]);
    let told = settlement(&paid, cancel_lines(&[("l1", 1)]));
    assert_eq!(told.to_refund, [amount("p1", 1_000)]);
    assert!(told.to_void.is_empty());
    let rest = paid.and(cancel_lines(&[("l1", 1)]));
    assert_eq!(
        (rest.totals().total, rest.totals().balance_due),
        (3_000, -1_000)
    );
    assert_eq!(rest.after().payment_status, PaymentStatus::Overpaid);
}

#[test]
fn money_for_cancelled_units_comes_from_the_newest_payment_first() {
    let paid = given([
        placed(),
        authorize(3_500),
        capture("p1", 3_500),
        authorize(500),
        capture("p2", 500),
    ]);
    let told = settlement(&paid, cancel_lines(&[("l2", 2)]));
    assert_eq!(told.to_refund, [amount("p2", 500), amount("p1", 500)]);
}

#[test]
fn only_what_is_neither_fulfilled_nor_cancelled_can_be_called_off() {
    let order = given([placed(), fulfill(&[("l1", 1)]), cancel_lines(&[("l1", 1)])]);
    let refused = Rejection::ExceedsOpen {
        index: 0,
        line: "l1".into(),
        requested: 2,
        open: 1,
    };
    order.when(cancel_lines(&[("l1", 2)])).rejects(&refused);
}

#[test]
fn calling_off_all_that_is_left_cancels_the_order() {
    let order = given([placed(), cancel_lines(&[("l1", 3)])]);
    order
        .when(cancel_lines(&[("l2", 2)]))
        .stores(&["OrderCancelled"]);
}

#[test]
fn notes_are_numbered_and_taken_by_any_order() {
    let mut order = given([placed(), cancel()]);
    for number in ["n1", "n2"] {
        let then = order.when(note());
        assert!(matches!(then.event(), OrderEvent::NoteAdded(e) if e.note_id == number));
        order = order.and(note());
    }
}

#[test]
fn labels_are_a_set() {
    let order = given([placed(), tag("a")]);
    order.when(tag("a")).stores_nothing();
    order.when(untag("b")).stores_nothing();
    order.when(untag("a")).stores(&["Untagged"]);
}

#[test]
fn archiving_and_bringing_back_change_nothing_when_repeated() {
    let order = given([placed()]);
    order.when(unarchive()).stores_nothing();
    let archived = order.and(archive());
    archived.when(archive()).stores_nothing();
    archived.when(unarchive()).stores(&["OrderUnarchived"]);
}

/// As often as it happens, whatever became of the order; nothing else changes.
#[test]
fn an_erasure_is_recorded() {
    let order = given([placed(), cancel(), archive()]);
    let erased = order.clone().and(erasure());
    assert_eq!(erased.order, order.order);
    erased.when(erasure()).stores(&["PersonalDataErased"]);
    nothing().when(erasure()).rejects(&Rejection::OrderNotFound);
}

#[test]
fn an_order_has_one_invoice() {
    let invoiced = given([placed(), invoice(7)]);
    invoiced.when(invoice(8)).stores_nothing();
    assert_eq!(invoiced.order.invoice_number, Some(7));
}
