//! Each rule, and what it must not do.

use super::{
    Reaction,
    scene::{Scene, note, time},
};
use crate::process::step::{Kind, Step};
use contracts::order::{
    ExchangeOf, FulfillmentCreated, FulfillmentShipped, FulfillmentStatus, LinesCancelled,
    OrderArchived, OrderCancelled, OrderStatus, OrderUnarchived, PaymentAmount, PaymentAuthorized,
    PaymentCaptured, PaymentStatus, ReturnStatus, Settlement, Tracking,
};
use infra::platforms::OnCancellation;
use serde_json::{Value, json};
use uuid::Uuid;

fn steps(reaction: &Reaction, kind: Kind) -> Vec<&Step> {
    let of_kind = |step: &&Step| step.kind == kind;
    reaction.schedule.iter().filter(of_kind).collect()
}

fn only(reaction: &Reaction, kind: Kind) -> Step {
    let found = steps(reaction, kind);
    assert_eq!(found.len(), 1, "{kind:?} in {reaction:?}");
    found[0].clone()
}

fn none(reaction: &Reaction, kind: Kind) -> bool {
    steps(reaction, kind).is_empty()
}

fn body(step: &Step) -> Value {
    serde_json::from_str(&step.body).expect("JSON")
}

fn of(payment: &str, amount: i64) -> PaymentAmount {
    PaymentAmount {
        payment: payment.into(),
        amount,
    }
}

fn authorized() -> PaymentAuthorized {
    PaymentAuthorized {
        payment_id: "p1".into(),
        amount: 100,
        provider: None,
        reference: None,
    }
}

fn captured(amount: i64) -> PaymentCaptured {
    PaymentCaptured {
        capture_id: "c1".into(),
        payment: "p1".into(),
        amount,
        occurred_at: None,
    }
}

fn cancelled(to_void: Vec<PaymentAmount>, to_refund: Vec<PaymentAmount>) -> OrderCancelled {
    OrderCancelled {
        settlement: Settlement { to_void, to_refund },
        occurred_at: None,
        personal: None,
    }
}

fn packed() -> FulfillmentCreated {
    FulfillmentCreated {
        fulfillment_id: "f1".into(),
        lines: Vec::new(),
    }
}

fn shipped() -> FulfillmentShipped {
    FulfillmentShipped {
        fulfillment_id: "f1".into(),
        tracking: Tracking::default(),
        forced: false,
        occurred_at: None,
        personal: None,
    }
}

/// An order that was paid and packed, and is shipped by the next event.
fn about_to_be_settled() -> Scene {
    let mut scene = Scene::placed();
    scene.after.payment_status = PaymentStatus::Paid;
    scene.after.totals.balance_due = 0;
    scene.then(captured(100));
    scene.after.fulfillment_status = FulfillmentStatus::Fulfilled;
    assert!(none(&scene.then(packed()), Kind::Archive), "being packed");
    scene
}

#[test]
fn an_order_is_confirmed_where_the_platform_says_so() {
    let mut scene = Scene::placed();
    assert!(none(&scene.reaction(), Kind::Confirm));
    scene.settings.auto_confirm = true;
    let step = only(&scene.reaction(), Kind::Confirm);
    assert_eq!(step.path, format!("/v1/orders/{}/confirm", scene.row.id));
    assert_eq!(step.key, format!("process:confirm:{}", scene.event_id()));
    assert_eq!(step.due_at, time(0));
    assert_eq!(step.correlation_id.as_deref(), Some("c"));
    assert!(none(&scene.then(note()), Kind::Confirm), "once only");
}

#[test]
fn a_confirmation_is_dropped_when_the_order_is_cancelled() {
    let mut scene = Scene::placed();
    scene.after.status = OrderStatus::Cancelled;
    let reaction = scene.then(cancelled(vec![], vec![]));
    assert!(reaction.drop.contains(&Kind::Confirm));
}

#[test]
fn an_unpaid_order_expires_counted_from_when_it_was_recorded_as_placed() {
    let mut scene = Scene::placed();
    let step = only(&scene.reaction(), Kind::Expire);
    assert_eq!(step.due_at, time(3_600));
    assert_eq!(step.path, format!("/v1/orders/{}/cancel", scene.row.id));
    let later = scene.at(600).then(note());
    assert_eq!(only(&later, Kind::Expire).due_at, time(3_600));
}

#[test]
fn a_draft_expires_counted_from_when_it_was_completed() {
    let mut scene = Scene::draft();
    let placed = scene.at(50_000).then_placed();
    assert_eq!(only(&placed, Kind::Expire).due_at, time(53_600));
}

#[test]
fn nothing_expires_where_the_platform_does_not_say_so() {
    let mut scene = Scene::placed();
    scene.settings.expire_unpaid_after_seconds = None;
    assert!(none(&scene.reaction(), Kind::Expire));
    scene.settings.expire_unpaid_after_seconds = Some(u64::MAX);
    assert!(none(&scene.reaction(), Kind::Expire), "never");
}

#[test]
fn an_order_that_is_paid_authorised_or_cancelled_does_not_expire() {
    for (status, payment_status, balance_due) in [
        (OrderStatus::Placed, PaymentStatus::Authorized, 100),
        (OrderStatus::Placed, PaymentStatus::PartiallyPaid, 50),
        (OrderStatus::Placed, PaymentStatus::Paid, 0),
        (OrderStatus::Placed, PaymentStatus::None, 0),
        (OrderStatus::Cancelled, PaymentStatus::None, 0),
    ] {
        let mut scene = Scene::placed();
        scene.after.status = status;
        scene.after.payment_status = payment_status;
        scene.after.totals.balance_due = balance_due;
        let reaction = scene.then(authorized());
        assert!(
            none(&reaction, Kind::Expire),
            "{status:?} {payment_status:?}"
        );
        assert!(reaction.drop.contains(&Kind::Expire));
    }
}

#[test]
fn an_order_expires_after_all_when_its_payment_failed() {
    let mut scene = Scene::placed();
    scene.after.payment_status = PaymentStatus::Authorized;
    scene.then(authorized());
    scene.after.payment_status = PaymentStatus::None;
    let failed = scene.then(contracts::order::PaymentFailed {
        payment: "p1".into(),
        personal: None,
    });
    assert_eq!(only(&failed, Kind::Expire).due_at, time(3_600));
}

#[test]
fn an_order_expires_although_an_authorisation_was_given_up() {
    let mut scene = Scene::placed();
    scene.after.payment_status = PaymentStatus::Voided;
    let voided = scene.then(contracts::order::PaymentVoided {
        payment: "p1".into(),
        personal: None,
    });
    assert_eq!(only(&voided, Kind::Expire).due_at, time(3_600));
}

#[test]
fn an_unpaid_order_that_is_being_fulfilled_does_not_expire() {
    let mut scene = Scene::placed();
    scene.after.fulfillment_status = FulfillmentStatus::Partial;
    assert!(none(&scene.then(packed()), Kind::Expire));
}

#[test]
fn a_cancellation_voids_and_requests_refunds_by_payment() {
    let mut scene = Scene::placed();
    scene.after.status = OrderStatus::Cancelled;
    let settlement = cancelled(vec![of("p1", 40)], vec![of("p2", 60), of("p3", 5)]);
    let reaction = scene.then(settlement);
    let (id, event) = (scene.row.id, scene.event_id());
    let void = only(&reaction, Kind::Void);
    assert_eq!(void.path, format!("/v1/orders/{id}/payments/p1/void"));
    assert_eq!(void.key, format!("process:void:{event}:p1"));
    let refunds = steps(&reaction, Kind::Refund);
    assert_eq!(refunds.len(), 2);
    assert_eq!(refunds[0].path, format!("/v1/orders/{id}/refunds"));
    assert_eq!(refunds[0].key, format!("process:refund:{event}:p2"));
    assert_eq!(
        body(refunds[0]),
        json!({"payment_id": "p2", "amount": 60, "reason": "order cancelled",
               "purpose": "cancellation", "pending": true})
    );
    assert_eq!(body(refunds[1])["amount"], 5);
}

#[test]
fn cancelled_lines_are_refunded_too() {
    let mut scene = Scene::placed();
    let reaction = scene.then(LinesCancelled {
        lines: Vec::new(),
        discounts: Vec::new(),
        settlement: Settlement {
            to_void: vec![],
            to_refund: vec![of("p1", 30)],
        },
        personal: None,
    });
    assert_eq!(body(&only(&reaction, Kind::Refund))["amount"], 30);
}

#[test]
fn the_platform_says_what_becomes_of_the_money() {
    let mut scene = Scene::placed();
    scene.after.status = OrderStatus::Cancelled;
    scene.settings.on_cancellation = OnCancellation::Record;
    let settlement = cancelled(vec![of("p1", 40)], vec![of("p2", 60)]);
    let recorded = scene.then(settlement.clone());
    assert_eq!(body(&only(&recorded, Kind::Refund))["pending"], false);
    only(&recorded, Kind::Void);
    scene.settings.on_cancellation = OnCancellation::Nothing;
    let nothing = scene.then(settlement);
    assert!(none(&nothing, Kind::Refund) && none(&nothing, Kind::Void));
}

#[test]
fn a_capture_that_succeeds_after_the_cancellation_is_given_back() {
    let mut scene = Scene::placed();
    scene.after.status = OrderStatus::Cancelled;
    scene.after.totals.balance_due = -100;
    let refund = only(&scene.then(captured(40)), Kind::Refund);
    let body = body(&refund);
    assert_eq!(
        (&body["payment_id"], &body["amount"]),
        (&json!("p1"), &json!(40))
    );
    scene.after.totals.balance_due = -25;
    let refund = only(&scene.then(captured(40)), Kind::Refund);
    assert!(refund.body.contains("25"), "no more than it is overpaid by");
}

#[test]
fn an_authorisation_whose_capture_fails_after_the_cancellation_is_voided() {
    let failed = || contracts::order::CaptureFailed {
        capture_id: "c1".into(),
        payment: "p1".into(),
        personal: None,
    };
    let mut scene = Scene::placed();
    assert!(none(&scene.then(failed()), Kind::Void), "it is wanted");
    scene.after.status = OrderStatus::Cancelled;
    let void = only(&scene.then(failed()), Kind::Void);
    assert!(void.path.ends_with("/payments/p1/void"), "{}", void.path);
}

#[test]
fn other_captures_are_kept() {
    let mut scene = Scene::placed();
    scene.after.totals.balance_due = -5;
    scene.after.payment_status = PaymentStatus::Overpaid;
    assert!(none(&scene.then(captured(105)), Kind::Refund), "overpaid");
    scene.after.status = OrderStatus::Cancelled;
    scene.after.totals.balance_due = 0;
    assert!(none(&scene.then(captured(5)), Kind::Refund), "given back");
}

#[test]
fn a_settled_order_is_archived_counted_from_its_last_event() {
    let mut scene = about_to_be_settled();
    let reaction = scene.at(100).then(shipped());
    let step = only(&reaction, Kind::Archive);
    assert_eq!(step.due_at, time(86_500));
    assert_eq!(step.path, format!("/v1/orders/{}/archive", scene.row.id));
    let first = step.key;
    let moved = only(&scene.at(5_000).then(note()), Kind::Archive);
    assert_eq!(moved.due_at, time(91_400));
    assert_ne!(moved.key, first, "archiving again is another command");
}

#[test]
fn what_is_not_settled_is_not_archived() {
    type Change = fn(&mut Scene);
    let unsettling: [(&str, Change); 8] = [
        ("money is due", |s| s.after.totals.balance_due = 1),
        ("money is to be given back", |s| {
            s.after.totals.balance_due = -1;
        }),
        ("authorised", |s| {
            s.after.payment_status = PaymentStatus::Authorized;
        }),
        ("goods are missing", |s| {
            s.after.fulfillment_status = FulfillmentStatus::Partial;
        }),
        ("a return is asked for", |s| {
            s.after.return_status = ReturnStatus::Requested;
        }),
        ("goods are on their way back", |s| {
            s.after.return_status = ReturnStatus::Approved;
        }),
        ("the rest may come back", |s| {
            s.after.return_status = ReturnStatus::Refunded;
        }),
        ("switched off", |s| {
            s.settings.archive_settled_after_seconds = None;
        }),
    ];
    for (why, change) in unsettling {
        let mut scene = about_to_be_settled();
        only(&scene.then(shipped()), Kind::Archive);
        change(&mut scene);
        let reaction = scene.then(note());
        assert!(none(&reaction, Kind::Archive), "{why}");
        assert!(reaction.drop.contains(&Kind::Archive), "{why}");
    }
}

#[test]
fn declined_and_closed_returns_keep_nothing_open() {
    for status in [ReturnStatus::Declined, ReturnStatus::Closed] {
        let mut scene = about_to_be_settled();
        scene.after.return_status = status;
        only(&scene.then(shipped()), Kind::Archive);
    }
}

#[test]
fn a_cancelled_order_is_settled_once_its_money_went_back() {
    let mut scene = Scene::placed();
    scene.after.status = OrderStatus::Cancelled;
    scene.after.payment_status = PaymentStatus::Paid;
    scene.after.totals.balance_due = -100;
    let cancelled = scene.then(cancelled(vec![], vec![of("p1", 100)]));
    assert!(none(&cancelled, Kind::Archive));
    scene.after.payment_status = PaymentStatus::Refunded;
    scene.after.totals.balance_due = 0;
    only(&scene.then(note()), Kind::Archive);
}

#[test]
fn an_archived_order_is_archived_again_only_after_it_was_brought_back() {
    let mut scene = about_to_be_settled();
    scene.then(shipped());
    let archived = scene.then(OrderArchived { personal: None });
    assert!(none(&archived, Kind::Archive) && archived.drop.contains(&Kind::Archive));
    assert!(none(&scene.then(note()), Kind::Archive));
    let back = scene.then(OrderUnarchived { personal: None });
    only(&back, Kind::Archive);
}

#[test]
fn an_exchange_is_told_to_the_return_that_it_replaces_the_goods_of() {
    let original = Uuid::from_u128(99);
    let scene = Scene::exchange(ExchangeOf {
        order_id: original,
        return_id: "r2".into(),
    });
    let step = only(&scene.reaction(), Kind::LinkExchange);
    assert_eq!(
        step.path,
        format!("/v1/orders/{original}/returns/r2/exchange_link")
    );
    assert_eq!(body(&step), json!({"exchange_order_id": scene.row.id}));
    assert!(none(&Scene::placed().reaction(), Kind::LinkExchange));
}

#[test]
fn drafts_start_nothing() {
    let mut scene = Scene::draft();
    scene.settings.auto_confirm = true;
    assert_eq!(scene.reaction(), Reaction::default());
    scene.after.status = OrderStatus::Cancelled;
    scene.after.totals.balance_due = 0;
    let cancelled = scene.then(cancelled(vec![], vec![]));
    assert_eq!(cancelled, Reaction::default());
}

#[test]
fn imported_orders_start_nothing_unless_asked_for() {
    let mut scene = Scene::imported(1);
    scene.settings.auto_confirm = true;
    assert_eq!(scene.reaction(), Reaction::default());
    scene.process_imports = true;
    assert!(none(&scene.reaction(), Kind::Confirm));
    only(&scene.reaction(), Kind::Expire);
}

#[test]
fn what_an_import_brings_along_has_had_its_consequences() {
    let mut scene = Scene::imported(1);
    scene.process_imports = true;
    scene.after.status = OrderStatus::Cancelled;
    let history = scene.then(cancelled(vec![], vec![of("p1", 100)]));
    assert!(none(&history, Kind::Refund));
    let later = scene.then(cancelled(vec![], vec![of("p1", 100)]));
    only(&later, Kind::Refund);
}
