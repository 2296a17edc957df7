//! Facts from elsewhere.

mod returns;

use super::{Given, commands::*, given, nothing};
use crate::order::{
    OrderCommand, OrderEvent, Rejection,
    command::{
        History, NewOrder, NewTracking, PastCancellation, PastFulfillment, PastPayment, PastRefund,
    },
    evolve,
};
use contracts::{
    order::{FulfillmentStatus, Kind, PaymentStatus, RefundPurpose},
    personal::Personal,
};
use time::OffsetDateTime;

const THEN: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn paid(amount: i64, captured: i64) -> PastPayment {
    PastPayment {
        amount,
        captured,
        provider: Some(id("bank")),
        reference: Some(id("X-1")),
        captured_at: Some(THEN),
    }
}

fn given_back(amount: i64, purpose: RefundPurpose) -> PastRefund {
    PastRefund {
        payment: None,
        amount,
        purpose,
        return_id: None,
        reason: Some(words("late")),
        refunded_at: Some(THEN),
    }
}

fn sent(lines: &[(&str, i64)], delivered: bool) -> PastFulfillment {
    PastFulfillment {
        lines: units(lines),
        tracking: NewTracking {
            carrier: Some(id("DHL")),
            ..NewTracking::default()
        },
        shipped_at: Some(THEN),
        delivered_at: Some(THEN).filter(|_| delivered),
    }
}

fn known_customer() -> NewOrder {
    let mut new = order(vec![line(3, "10"), line(2, "5")]);
    new.customer = Some(customer("7"));
    new.shipping_address = Some(address("Leeds", "GB"));
    new
}

fn with_history() -> OrderCommand {
    let history = History {
        payments: vec![paid(4_000, 4_000)],
        refunds: vec![given_back(500, RefundPurpose::Goodwill)],
        fulfillments: vec![sent(&[("l1", 1)], true), sent(&[], false)],
        ..History::default()
    };
    import_order(known_customer(), Kind::Order, history)
}

fn differs() -> Rejection {
    Rejection::ImportDiffers { order_id: ORDER }
}

/// The order as it is read once the customer's key is gone.
fn erased(order: &Given) -> Given {
    let mut gone = nothing();
    for event in &order.events {
        let mut event = event.clone();
        match &mut event {
            OrderEvent::OrderImported(e) => e.personal = Some(Personal::ERASED),
            OrderEvent::RefundIssued(e) => e.personal = Some(Personal::ERASED),
            _ => {}
        }
        gone.order = evolve(gone.order, &event);
        gone.events.push(event);
    }
    gone
}

#[test]
fn a_credit_gives_back_and_is_neither_paid_nor_fulfilled() {
    let credit = given([import(Kind::Credit, vec![line(-2, "2.55")])]);
    assert_eq!(credit.totals().total, -510);
    assert_eq!(credit.after().payment_status, PaymentStatus::None);
    assert_eq!(credit.after().fulfillment_status, FulfillmentStatus::None);
    let kind = Kind::Credit;
    for command in [
        authorize(1),
        fulfill(&[("l1", 1)]),
        confirm(),
        invoice(1),
        hold(None),
    ] {
        credit
            .when(command)
            .rejects(&Rejection::NotForKind { kind });
    }
}

#[test]
fn an_adjustment_takes_prices_of_either_sign() {
    let then = given([import(Kind::Adjustment, vec![line(1, "-11062.06")])]);
    assert_eq!(then.totals().total, -1_106_206);
    nothing()
        .when(import(Kind::Order, vec![line(1, "-1")]))
        .rejects(&Rejection::NegativePrice { line: 0 });
}

#[test]
fn a_stock_movement_is_not_an_order() {
    nothing()
        .when(import(Kind::Order, vec![line(-2, "0"), line(-1, "0")]))
        .rejects(&Rejection::NoPositiveQuantity);
}

#[test]
fn importing_again_stores_nothing_unless_the_content_differs() {
    let order = given([import(Kind::Order, vec![line(1, "2.55")])]);
    order
        .when(import(Kind::Order, vec![line(1, "2.550")]))
        .stores_nothing();
    order
        .when(import(Kind::Order, vec![line(2, "2.55")]))
        .rejects(&differs());
}

#[test]
fn importing_a_placed_order_is_refused() {
    let taken = Rejection::ExternalIdTaken { order_id: ORDER };
    given([placed()])
        .when(import(Kind::Order, vec![line(1, "1")]))
        .rejects(&taken);
}

#[test]
fn what_already_happened_becomes_the_order_s_own_history() {
    let order = given([with_history()]);
    let names: Vec<&str> = order.events.iter().map(OrderEvent::name).collect();
    assert_eq!(
        names,
        [
            "OrderImported",
            "PaymentAuthorized",
            "PaymentCaptured",
            "RefundIssued",
            "FulfillmentCreated",
            "FulfillmentShipped",
            "FulfillmentDelivered",
            "FulfillmentCreated",
            "FulfillmentShipped",
        ]
    );
    assert_eq!(order.totals().balance_due, 0);
    assert_eq!(
        order.after().fulfillment_status,
        FulfillmentStatus::Fulfilled
    );
}

#[test]
fn equal_content_with_history_again_stores_nothing_whatever_happened_since() {
    let order = given([with_history(), note(), deliver("f2"), refund("p1", 1)]);
    order.when(with_history()).stores_nothing();
}

#[test]
fn a_repeat_takes_another_number_and_may_meet_another_setting_of_the_channel() {
    let order = given([with_history()]);
    let OrderCommand::Import(mut again) = with_history() else {
        panic!("an import");
    };
    again.order.number = "1002".into();
    again.order.prices_include_tax = true;
    order.when(OrderCommand::Import(again)).stores_nothing();
}

#[test]
fn another_history_is_other_content() {
    let order = given([with_history()]);
    let changes: [fn(&mut History); 5] = [
        |h| h.payments[0].reference = None,
        |h| h.refunds[0].amount += 1,
        |h| h.refunds.clear(),
        |h| h.fulfillments[1].delivered_at = Some(THEN),
        |h| h.payments[0].captured_at = Some(THEN + time::Duration::SECOND),
    ];
    for change in changes {
        let OrderCommand::Import(mut again) = with_history() else {
            panic!("an import");
        };
        change(&mut again.history);
        order.when(OrderCommand::Import(again)).rejects(&differs());
    }
}

#[test]
fn a_repeat_is_told_apart_by_personal_data_until_it_is_erased() {
    let order = given([with_history()]);
    let OrderCommand::Import(mut again) = with_history() else {
        panic!("an import");
    };
    again.order.shipping_address = Some(address("York", "GB"));
    let again = OrderCommand::Import(again);
    order.when(again.clone()).rejects(&differs());
    let gone = erased(&order);
    gone.when(with_history()).stores_nothing();
    gone.when(again).stores_nothing();
    let OrderCommand::Import(mut other) = with_history() else {
        panic!("an import");
    };
    other.order.lines.pop();
    other.history.fulfillments.pop();
    gone.when(OrderCommand::Import(other)).rejects(&differs());
}

#[test]
fn a_history_that_cannot_have_happened_is_refused_with_its_place() {
    let refusal = |history| {
        let then = nothing().when(import_order(known_customer(), Kind::Order, history));
        let refused = then.outcome.expect_err("refused");
        (refused.code(), refused.pointer().unwrap_or_default())
    };
    let captured = || vec![paid(10, 10), paid(10, 10)];
    let refunds = vec![
        given_back(10, RefundPurpose::Goodwill),
        given_back(1, RefundPurpose::Goodwill),
    ];
    let twice = History {
        payments: captured(),
        refunds,
        ..History::default()
    };
    assert_eq!(
        refusal(twice),
        ("refund_exceeds_captured", "/refunds/1/amount".into())
    );
    let more = vec![sent(&[("l2", 3)], false)];
    let more = History {
        fulfillments: more,
        ..History::default()
    };
    assert_eq!(
        refusal(more),
        ("exceeds_open", "/fulfillments/0/lines/0/quantity".into())
    );
    let again = vec![sent(&[], false), sent(&[], false)];
    let again = History {
        fulfillments: again,
        ..History::default()
    };
    assert_eq!(
        refusal(again),
        ("nothing_to_fulfill", "/fulfillments/1".into())
    );
    let cancellation = Some(PastCancellation {
        reason: None,
        cancelled_at: None,
    });
    let fulfillments = vec![sent(&[], false)];
    let sent = History {
        fulfillments,
        cancellation,
        ..History::default()
    };
    assert_eq!(refusal(sent), ("fulfillments_live", "/cancellation".into()));
    let refunds = vec![given_back(1, RefundPurpose::Goodwill)];
    let unpaid = History {
        refunds,
        ..History::default()
    };
    assert_eq!(
        refusal(unpaid),
        ("payment_not_found", "/refunds/0/payment".into())
    );
    let payments = vec![paid(10, 0)];
    let dated = History {
        payments,
        ..History::default()
    };
    assert_eq!(
        refusal(dated),
        ("amount_not_positive", "/payments/0/amount".into())
    );
}

#[test]
fn a_cancelled_import_that_was_refunded_is_settled() {
    let history = History {
        payments: vec![paid(4_000, 4_000)],
        refunds: vec![given_back(4_000, RefundPurpose::Cancellation)],
        cancellation: Some(PastCancellation {
            reason: None,
            cancelled_at: Some(THEN),
        }),
        ..History::default()
    };
    let order = given([import_order(known_customer(), Kind::Order, history)]);
    assert_eq!(order.totals().balance_due, 0);
    assert_eq!(order.after().payment_status, PaymentStatus::Refunded);
}
