//! Goods that came back elsewhere.

use super::{THEN, differs, given_back, known_customer, paid, sent};
use crate::order::{
    OrderEvent, Rejection,
    command::{History, PastRefund, PastReturn},
    specification::{commands::*, given, nothing},
};
use contracts::order::{Kind, RefundPurpose, ReturnStatus};

fn came_back(lines: &[(&str, i64, bool)]) -> PastReturn {
    let lines = lines.iter().map(|(line, quantity, resellable)| {
        let mut units = units(&[(*line, *quantity)]);
        (units.remove(0), *resellable)
    });
    PastReturn {
        lines: lines.collect(),
        reason: None,
        returned_at: Some(THEN),
    }
}

fn for_return(amount: i64, return_id: &str) -> PastRefund {
    PastRefund {
        return_id: Some(id(return_id)),
        ..given_back(amount, RefundPurpose::Return)
    }
}

#[test]
fn what_came_back_was_shipped_before_and_is_there_before_its_money() {
    let history = || History {
        payments: vec![paid(4_000, 4_000)],
        // Whichever way round they are told.
        refunds: vec![
            for_return(1_500, "r1"),
            given_back(500, RefundPurpose::Goodwill),
        ],
        fulfillments: vec![sent(&[], true)],
        returns: vec![came_back(&[("l1", 1, true), ("l2", 1, false)])],
        ..History::default()
    };
    let import = |history| import_order(known_customer(), Kind::Order, history);
    let order = given([import(history())]);
    let names: Vec<&str> = order.events.iter().map(OrderEvent::name).collect();
    assert_eq!(
        names[3..],
        [
            "RefundIssued",
            "FulfillmentCreated",
            "FulfillmentShipped",
            "FulfillmentDelivered",
            "ReturnRequested",
            "ReturnApproved",
            "ReturnReceived",
            "RefundIssued",
            "ReturnClosed",
        ]
    );
    let OrderEvent::ReturnRequested(asked) = &order.events[7] else {
        panic!("a return");
    };
    assert_eq!(asked.occurred_at, Some(THEN));
    assert_eq!(order.after().return_status, ReturnStatus::Closed);
    assert_eq!(order.totals().credited, 2_000);
    order.when(import(history())).stores_nothing();
    let mut other = history();
    other.returns[0].lines[0].1 = false;
    order.when(import(other)).rejects(&differs());
}

#[test]
fn no_return_of_the_past_is_open_whether_there_was_money_for_it_or_not() {
    let history = History {
        payments: vec![paid(4_000, 4_000)],
        refunds: vec![for_return(1_000, "r1")],
        fulfillments: vec![sent(&[], true)],
        returns: vec![
            came_back(&[("l1", 1, true)]),
            came_back(&[("l1", 1, false)]),
        ],
        ..History::default()
    };
    let order = given([import_order(known_customer(), Kind::Order, history)]);
    let closed = order.events.iter().filter_map(|event| match event {
        OrderEvent::ReturnClosed(closed) => Some(closed.return_id.as_str()),
        _ => None,
    });
    assert_eq!(closed.collect::<Vec<_>>(), ["r1", "r2"]);
    assert_eq!(order.after().return_status, ReturnStatus::Closed);
    // What stayed with the customer can still come back.
    let exceeds = Rejection::ReturnExceedsShipped {
        index: 0,
        line: "l1".into(),
        requested: 2,
        returnable: 1,
    };
    order.when(send_back(&[("l1", 2)])).rejects(&exceeds);
}

#[test]
fn a_return_that_cannot_have_been_is_refused_with_its_place() {
    let refusal = |history| {
        let then = nothing().when(import_order(known_customer(), Kind::Order, history));
        let refused = then.outcome.expect_err("refused");
        (refused.code(), refused.pointer().unwrap_or_default())
    };
    let all = || History {
        payments: vec![paid(4_000, 4_000)],
        fulfillments: vec![sent(&[("l1", 1)], false)],
        ..History::default()
    };
    let more = History {
        returns: vec![came_back(&[("l1", 1, true), ("l2", 1, true)])],
        ..all()
    };
    assert_eq!(
        refusal(more),
        (
            "return_exceeds_shipped",
            "/returns/0/lines/1/quantity".into()
        )
    );
    let unknown = History {
        refunds: vec![for_return(10, "r1")],
        ..all()
    };
    assert_eq!(
        refusal(unknown),
        ("return_not_found", "/refunds/0/return_id".into())
    );
    let mut other_purpose = for_return(10, "r1");
    other_purpose.purpose = RefundPurpose::Goodwill;
    let goodwill = History {
        refunds: vec![other_purpose],
        returns: vec![came_back(&[("l1", 1, true)])],
        ..all()
    };
    assert_eq!(
        refusal(goodwill),
        ("purpose_needs_return", "/refunds/0/purpose".into())
    );
}
