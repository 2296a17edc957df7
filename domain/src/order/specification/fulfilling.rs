//! Goods out.

use super::{Given, commands::*, given};
use crate::order::{OrderCommand, OrderEvent, Rejection, command::ShipFulfillment};
use contracts::order::{FulfillmentState, FulfillmentStatus};

fn packed() -> Given {
    given([placed(), fulfill(&[("l1", 2)])])
}

fn unpaid(covered: i64, needed: i64) -> Rejection {
    Rejection::Unpaid { covered, needed }
}

fn by_force(reason: Option<&str>) -> OrderCommand {
    ShipFulfillment {
        force: true,
        reason: reason.map(words),
        ..shipment("f1")
    }
    .into()
}

#[test]
fn a_fulfillment_takes_at_most_what_is_neither_fulfilled_nor_cancelled() {
    let order = packed().and(cancel_lines(&[("l1", 1)]));
    let refused = Rejection::ExceedsOpen {
        index: 1,
        line: "l1".into(),
        requested: 1,
        open: 0,
    };
    order
        .when(fulfill(&[("l2", 1), ("l1", 1)]))
        .rejects(&refused);
    order
        .when(fulfill(&[("l2", 2)]))
        .stores(&["FulfillmentCreated"]);
}

#[test]
fn nothing_is_shipped_while_a_hold_is_on() {
    let held = packed().and(hold(None)).and(hold(Some("fraud")));
    let holds = vec!["h1".into(), "h2".into()];
    held.when(ship("f1")).rejects(&Rejection::OnHold { holds });
    held.and(release(None))
        .when(ship("f1"))
        .stores(&["FulfillmentShipped"]);
}

#[test]
fn what_is_neither_paid_nor_authorised_is_shipped_only_if_allowed() {
    let order = packed().and(authorize(3_999));
    order
        .when(shipment("f1").into())
        .rejects(&unpaid(3_999, 4_000));
    order.when(ship("f1")).stores(&["FulfillmentShipped"]);
    let covered = order
        .and(authorize(1))
        .and(capture("p1", 1_000))
        .and(request_capture("p1", 5));
    covered
        .when(shipment("f1").into())
        .stores(&["FulfillmentShipped"]);
}

#[test]
fn money_that_went_back_does_not_cover_a_shipment() {
    let order = packed()
        .and(authorize(4_000))
        .and(capture("p1", 4_000))
        .and(charge_back("p1", 1));
    order
        .when(shipment("f1").into())
        .rejects(&unpaid(3_999, 4_000));
}

#[test]
fn shipping_by_force_needs_a_reason_and_says_so() {
    packed()
        .when(by_force(None))
        .rejects(&Rejection::ReasonRequired);
    let then = packed().when(by_force(Some("a friend")));
    assert!(
        matches!(then.event(), OrderEvent::FulfillmentShipped(e) if e.forced && e.personal.is_some())
    );
    let paid = packed().and(authorize(4_000));
    let then = paid.when(by_force(Some("a friend")));
    assert!(matches!(then.event(), OrderEvent::FulfillmentShipped(e) if !e.forced));
}

#[test]
fn a_fulfillment_moves_from_open_to_shipped_to_delivered() {
    let not = |needed, status| Rejection::FulfillmentNot { needed, status };
    let (open, shipped) = (FulfillmentState::Open, FulfillmentState::Shipped);
    packed().when(deliver("f1")).rejects(&not(shipped, open));
    packed().when(track("f1")).rejects(&not(shipped, open));
    let sent = packed().and(ship("f1"));
    sent.when(ship("f1")).rejects(&not(open, shipped));
    sent.when(unpack("f1")).rejects(&not(open, shipped));
    sent.when(track("f1")).stores(&["TrackingUpdated"]);
    let arrived = sent.and(deliver("f1"));
    arrived.when(deliver("f1")).stores_nothing();
    arrived.when(track("f1")).stores(&["TrackingUpdated"]);
}

#[test]
fn what_is_unpacked_can_be_fulfilled_anew() {
    let unpacked = packed().and(unpack("f1"));
    unpacked.when(unpack("f1")).stores_nothing();
    unpacked
        .when(ship("f1"))
        .fails_with("wrong_fulfillment_status");
    let then = unpacked.when(fulfill(&[("l1", 3)]));
    assert!(matches!(then.event(), OrderEvent::FulfillmentCreated(e) if e.fulfillment_id == "f2"));
}

#[test]
fn the_fulfillment_status_follows_the_goods() {
    let status = |order: &Given| order.after().fulfillment_status;
    let order = packed();
    assert_eq!(status(&order), FulfillmentStatus::Partial);
    let all = order
        .and(cancel_lines(&[("l1", 1), ("l2", 1)]))
        .and(fulfill(&[("l2", 1)]));
    assert_eq!(status(&all), FulfillmentStatus::Fulfilled);
    let half = all.and(ship("f1")).and(deliver("f1"));
    assert_eq!(status(&half), FulfillmentStatus::Fulfilled);
    let whole = half.and(ship("f2")).and(deliver("f2"));
    assert_eq!(status(&whole), FulfillmentStatus::Delivered);
    assert_eq!(status(&given([placed()])), FulfillmentStatus::Unfulfilled);
}
