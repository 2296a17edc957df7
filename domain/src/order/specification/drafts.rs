//! Drafts: put together, changed, placed or given up.

use super::{Given, commands::*, given};
use crate::order::{
    OrderCommand, OrderEvent, Rejection,
    command::{NewLine, UpdateDraft},
};
use contracts::order::{OrderPlaced, OrderStatus, PaymentStatus};
use contracts::personal::Personal;

fn update(lines: Vec<NewLine>) -> OrderCommand {
    UpdateDraft {
        lines: Some(lines),
        ..UpdateDraft::default()
    }
    .into()
}

fn placed_draft(draft: &Given) -> OrderPlaced {
    let then = draft.when(complete());
    let OrderEvent::OrderPlaced(placed) = then.event().clone() else {
        panic!("a draft is placed");
    };
    *placed
}

#[test]
fn a_draft_may_be_empty_but_an_order_may_not() {
    let empty = given([draft(vec![])]);
    assert_eq!(empty.after().status, OrderStatus::Draft);
    assert_eq!(empty.after().payment_status, PaymentStatus::None);
    empty.when(complete()).rejects(&Rejection::NoLines);
}

#[test]
fn what_is_given_replaces_what_the_draft_has() {
    let changed = given([
        draft(vec![line(1, "1")]),
        update(vec![line(2, "3"), line(1, "1")]),
    ]);
    assert_eq!(changed.totals().total, 700);
    assert_eq!(placed_draft(&changed).order.lines.len(), 2);
}

#[test]
fn a_change_that_changes_nothing_stores_nothing() {
    let draft = given([draft(vec![line(1, "1.50")])]);
    draft.when(update(vec![line(1, "1.5")])).stores_nothing();
    draft.when(UpdateDraft::default().into()).stores_nothing();
}

#[test]
fn a_draft_is_placed_as_it_is_and_only_once() {
    let placed = given([draft(vec![line(2, "3")]), complete()]);
    assert_eq!(placed.after().status, OrderStatus::Placed);
    assert_eq!(placed.totals().balance_due, 600);
    placed.when(complete()).rejects(&Rejection::OrderNotDraft);
    placed
        .when(update(vec![]))
        .rejects(&Rejection::OrderNotDraft);
}

#[test]
fn a_label_put_on_a_draft_stays_when_it_is_changed_and_placed() {
    let labelled = given([draft(vec![line(1, "1")]), tag("vip"), tag("x"), untag("x")]);
    let labelled = labelled.and(update(vec![line(2, "1")]));
    assert_eq!(placed_draft(&labelled).order.tags, ["vip"]);
    assert!(labelled.and(complete()).order.tags.contains("vip"));
}

#[test]
fn a_draft_given_up_is_neither_changed_nor_placed() {
    let gone = given([draft(vec![line(1, "1")]), cancel()]);
    assert_eq!(gone.after().status, OrderStatus::Cancelled);
    gone.when(update(vec![line(2, "1")]))
        .rejects(&Rejection::OrderIsCancelled);
    gone.when(complete()).rejects(&Rejection::OrderIsCancelled);
}

#[test]
fn a_draft_takes_no_money_and_no_goods() {
    let draft = given([draft(vec![line(1, "1")])]);
    for command in [
        authorize(1),
        fulfill(&[("l1", 1)]),
        hold(None),
        archive(),
        invoice(1),
    ] {
        draft.when(command).rejects(&Rejection::OrderIsDraft);
    }
}

#[test]
fn the_country_follows_the_shipping_address_and_its_removal() {
    let mut new = order(vec![line(1, "1")]);
    new.billing_address = Some(address("Bern", "CH"));
    new.shipping_address = Some(address("Leeds", "GB"));
    let draft = given([crate::order::command::CreateDraft(new).into()]);
    assert_eq!(placed_draft(&draft).order.country, "GB");
    let elsewhere = draft.and(
        UpdateDraft {
            shipping_address: Some(None),
            ..UpdateDraft::default()
        }
        .into(),
    );
    let placed = placed_draft(&elsewhere);
    assert_eq!(placed.order.country, "CH");
    let personal = placed.personal.as_ref().and_then(Personal::open);
    let personal = personal.expect("the billing address");
    assert!(personal.shipping_address.is_none() && personal.billing_address.is_some());
}
