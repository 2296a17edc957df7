//! Drafts: put together, changed, placed or given up.

use super::{Given, commands::*, given};
use crate::{
    order::{
        Goods, OrderCommand, OrderEvent, Rejection,
        command::{CreateDraft, NewAddress, NewLine, NewOrder, UpdateDraft},
        quote_holds,
    },
    shipping::{Digest, Mismatch},
};
use contracts::order::{ChosenQuote, OrderPlaced, OrderStatus, PaymentStatus};
use contracts::personal::Personal;
use time::{Duration, OffsetDateTime};

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

/// Until when the quote of [`quoted`] holds.
const EXPIRES: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn in_leeds(postal_code: &str) -> NewAddress {
    let mut leeds = address("Leeds", "GB");
    leeds.address.postal_code = Some(postal_code.into());
    leeds
}

/// A draft whose shipping was chosen by a quote of it.
fn quoted() -> NewOrder {
    let mut new = order(vec![line(2, "3")]);
    new.shipping_address = Some(in_leeds("LS1 4AP"));
    let lines = Digest::of_lines(&Goods::of_new(&new).lines, new.currency);
    let mut chosen = shipping(399, 0);
    chosen.quote = Some(ChosenQuote {
        expires_at: EXPIRES,
        method_version: 3,
        zone_version: 2,
        platform_version: 1,
        lines: lines.into(),
        destination_changed: false,
    });
    new.shipping = Some(chosen);
    new
}

#[test]
fn the_quote_of_a_draft_holds_until_it_is_over_and_is_told_of_the_order() {
    let draft = given([CreateDraft(quoted()).into()]);
    let second = Duration::SECOND;
    assert_eq!(quote_holds(&draft.order, EXPIRES - second), Ok(()));
    let over = quote_holds(&draft.order, EXPIRES).expect_err("over");
    assert_eq!(over.code(), "quote_expired");
    assert_eq!(over.pointer().as_deref(), Some("/shipping/quote"));
    let told = placed_draft(&draft).order.shipping.and_then(|s| s.quote);
    assert_eq!(told.map(|quote| quote.method_version), Some(3));
    // Nothing was promised of a charge that somebody says.
    let said = draft.and(
        UpdateDraft {
            shipping: Some(Some(shipping(399, 0))),
            ..UpdateDraft::default()
        }
        .into(),
    );
    assert_eq!(quote_holds(&said.order, EXPIRES), Ok(()));
}

#[test]
fn the_quote_of_a_draft_is_for_its_lines_and_its_address() {
    let then = EXPIRES - Duration::SECOND;
    let draft = || given([CreateDraft(quoted()).into()]);
    let mismatch = |given: Given| match quote_holds(&given.order, then) {
        Ok(()) => None,
        Err(Rejection::QuoteMismatch { mismatch, .. }) => Some(mismatch),
        Err(other) => panic!("refused otherwise: {other:?}"),
    };
    let to = |address| {
        OrderCommand::from(UpdateDraft {
            shipping_address: Some(address),
            ..UpdateDraft::default()
        })
    };
    let more = || update(vec![line(3, "3")]);
    assert_eq!(mismatch(draft().and(more())), Some(Mismatch::Lines));
    let again = update(vec![line(1, "3"), line(1, "3.00")]);
    assert_eq!(mismatch(draft().and(more()).and(again)), None);
    let moved = || to(Some(in_leeds("LS2 9JT")));
    let elsewhere = Some(Mismatch::Destination);
    assert_eq!(mismatch(draft().and(moved())), elsewhere);
    assert_eq!(mismatch(draft().and(to(None))), elsewhere);
    // To another house in the same street, it was quoted for; and to a place that
    // it was sent away from it may cost something else.
    let mut next_door = in_leeds("ls1 4ap");
    next_door.address.line1 = Some("2 Park Row".into());
    assert_eq!(mismatch(draft().and(to(Some(next_door)))), None);
    let back = to(Some(in_leeds("LS1 4AP")));
    assert_eq!(mismatch(draft().and(moved()).and(back)), elsewhere);
    // Chosen anew, with all of it.
    let anew = UpdateDraft {
        shipping_address: Some(Some(in_leeds("LS2 9JT"))),
        shipping: Some(quoted().shipping),
        ..UpdateDraft::default()
    };
    assert_eq!(mismatch(draft().and(anew.into())), None);
}
