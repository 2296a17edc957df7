//! Goods back.

use super::{Given, commands::*, given};
use crate::order::Rejection;
use contracts::order::{ReturnState, ReturnStatus};
use uuid::Uuid;

fn sent() -> Given {
    given([placed(), fulfill(&[("l1", 3), ("l2", 1)]), ship("f1")])
}

fn approved() -> Given {
    sent().and(send_back(&[("l1", 2)])).and(approve("r1"))
}

fn asked_and_back(order: &Given) -> (i64, i64) {
    let line = order.order.line("l1", None).expect("there");
    (line.return_requested, line.returned)
}

#[test]
fn a_return_is_at_most_what_was_shipped_and_is_not_asked_back_already() {
    let order = approved();
    let refused = Rejection::ReturnExceedsShipped {
        index: 0,
        line: "l1".into(),
        requested: 2,
        returnable: 1,
    };
    order.when(send_back(&[("l1", 2)])).rejects(&refused);
    order
        .when(send_back(&[("l1", 1)]))
        .stores(&["ReturnRequested"]);
    given([placed(), fulfill(&[("l1", 3)])])
        .when(send_back(&[("l1", 1)]))
        .fails_with("return_exceeds_shipped");
}

#[test]
fn goods_come_back_in_parts_and_at_most_what_was_asked_for() {
    let part = approved().and(receive("r1", &[("l1", 1)]));
    let refused = Rejection::ReceiveExceedsRequested {
        index: 0,
        line: "l1".into(),
        received: 2,
        expected: 1,
    };
    part.when(receive("r1", &[("l1", 2)])).rejects(&refused);
    part.when(receive("r1", &[("l2", 1)]))
        .fails_with("line_not_found");
    let whole = part.and(receive("r1", &[("l1", 1)]));
    assert_eq!(asked_and_back(&whole), (2, 2));
}

#[test]
fn more_comes_back_after_a_refund_for_the_first_part() {
    let part = approved()
        .and(authorize(9))
        .and(capture("p1", 9))
        .and(receive("r1", &[("l1", 1)]));
    let refunded = part.and(refund_return("p1", 9, "r1"));
    assert_eq!(refunded.after().return_status, ReturnStatus::Refunded);
    let whole = refunded.and(receive("r1", &[("l1", 1)]));
    assert_eq!(whole.after().return_status, ReturnStatus::Received);
}

#[test]
fn only_an_allowed_return_is_received() {
    let wrong = Rejection::ReturnNot {
        needed: ReturnState::Approved,
        status: ReturnState::Requested,
    };
    let asked = sent().and(send_back(&[("l1", 2)]));
    asked.when(receive("r1", &[("l1", 1)])).rejects(&wrong);
}

#[test]
fn what_is_refused_or_called_off_can_be_returned_otherwise() {
    let asked = sent().and(send_back(&[("l1", 3)]));
    let refused = asked.clone().and(decline("r1"));
    assert_eq!(asked_and_back(&refused), (0, 0));
    refused.when(decline("r1")).stores_nothing();
    refused
        .when(approve("r1"))
        .fails_with("wrong_return_status");
    refused
        .when(call_off("r1"))
        .fails_with("wrong_return_status");
    let off = asked.and(approve("r1")).and(call_off("r1"));
    assert_eq!(asked_and_back(&off), (0, 0));
    off.when(call_off("r1")).stores_nothing();
    off.when(send_back(&[("l1", 3)]))
        .stores(&["ReturnRequested"]);
}

#[test]
fn closing_frees_what_did_not_come_back() {
    let part = approved().and(receive("r1", &[("l1", 1)]));
    let closed = part.and(close("r1"));
    assert_eq!(asked_and_back(&closed), (1, 1));
    closed.when(close("r1")).stores_nothing();
    closed
        .when(receive("r1", &[("l1", 1)]))
        .fails_with("wrong_return_status");
    closed
        .when(send_back(&[("l1", 2)]))
        .stores(&["ReturnRequested"]);
}

#[test]
fn a_return_is_closed_only_once_goods_came_back() {
    let wrong = Rejection::ReturnNot {
        needed: ReturnState::Received,
        status: ReturnState::Approved,
    };
    approved().when(close("r1")).rejects(&wrong);
}

#[test]
fn a_return_is_called_off_only_before_anything_came_back() {
    let part = approved().and(receive("r1", &[("l1", 1)]));
    part.when(call_off("r1"))
        .rejects(&Rejection::ReturnBegun { received: 1 });
}

#[test]
fn one_order_replaces_the_goods_of_a_return() {
    let (other, third) = (Uuid::from_u128(2), Uuid::from_u128(3));
    let swapped = approved().and(exchange("r1", other));
    swapped.when(exchange("r1", other)).stores_nothing();
    let taken = Rejection::ExchangeTaken {
        exchange_order_id: other,
    };
    swapped.when(exchange("r1", third)).rejects(&taken);
    let off = approved().and(call_off("r1"));
    off.when(exchange("r1", other))
        .fails_with("wrong_return_status");
}

#[test]
fn allowing_again_changes_nothing() {
    approved().when(approve("r1")).stores_nothing();
    approved()
        .when(decline("r1"))
        .fails_with("wrong_return_status");
}

#[test]
fn the_return_status_is_that_of_the_least_advanced_return() {
    let order = approved().and(receive("r1", &[("l1", 2)]));
    assert_eq!(order.after().return_status, ReturnStatus::Received);
    let two = order.and(send_back(&[("l1", 1)]));
    assert_eq!(two.after().return_status, ReturnStatus::Requested);
    let one = two.and(decline("r2")).and(close("r1"));
    assert_eq!(one.after().return_status, ReturnStatus::Closed);
    assert_eq!(sent().after().return_status, ReturnStatus::None);
}
