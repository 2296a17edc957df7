//! Every code that a refusal can have, produced by a command: with the status
//! it stands for, the place in the body it names, and its figures.

mod bodies;
mod states;

use super::{Given, commands::*, given, nothing};
use crate::order::{
    OrderCommand, Rejection, RejectionKind,
    command::{Settled, Sum},
    placement::MAX_TAGS,
};
use contracts::order::RefundPurpose;
use serde_json::Value;
use std::collections::BTreeSet;

struct Case {
    given: Given,
    when: OrderCommand,
    code: &'static str,
    kind: RejectionKind,
    /// Empty: none.
    pointer: &'static str,
    figures: Value,
}

/// Rows of: given, when => code, kind, pointer, figures.
macro_rules! refusals {
    ($($given:expr, $when:expr => $code:ident $kind:ident $pointer:literal $figures:tt;)+) => {
        vec![$($crate::order::specification::refusals::Case {
            given: $given,
            when: $when,
            code: stringify!($code),
            kind: $crate::order::RejectionKind::$kind,
            pointer: $pointer,
            figures: serde_json::json!($figures),
        }),+]
    };
}
use refusals;

fn plain() -> Given {
    given([placed()])
}

fn paid() -> Given {
    given([placed(), authorize(4_000), capture("p1", 4_000)])
}

fn packed() -> Given {
    given([placed(), fulfill(&[("l1", 2)])])
}

fn sent() -> Given {
    packed().and(ship("f1"))
}

fn returning() -> Given {
    sent().and(send_back(&[("l1", 2)]))
}

/// A hundred, so that no other label fits.
fn labelled() -> Given {
    (0..MAX_TAGS).fold(plain(), |order, n| order.and(tag(&n.to_string())))
}

#[test]
fn every_refusal_tells_its_code_its_place_and_its_figures() {
    let cases = [bodies::all(), states::all()];
    let mut produced = BTreeSet::new();
    for case in cases.into_iter().flatten() {
        let name = format!("{} for {:?}", case.code, case.when);
        let refused = case.given.when(case.when).outcome.expect_err(&name);
        assert_eq!(refused.code(), case.code, "{name}");
        assert_eq!(refused.kind(), case.kind, "{name}");
        assert_eq!(
            refused.pointer().unwrap_or_default(),
            case.pointer,
            "{name}"
        );
        let figures: Value = refused.figures().into_iter().collect();
        assert_eq!(figures, case.figures, "{name}");
        assert!(!refused.to_string().is_empty());
        produced.insert(case.code);
    }
    // Those of platforms and prices are told before the order is asked.
    let before = [
        "platform_not_found",
        "platform_inactive",
        "platform_archived",
        "platform_currency",
        "price_mismatch",
        "price_unknown",
        "discount_not_allowed",
        "quote_required",
        "quote_invalid",
        "quote_expired",
        "quote_mismatch",
    ];
    let known = Rejection::CODES.iter().copied();
    let known: BTreeSet<&str> = known.filter(|code| !before.contains(code)).collect();
    assert_eq!(produced, known, "each code, and no other");
}

#[test]
fn what_does_not_exist_is_not_there_whatever_is_asked_of_it() {
    let unknown: Vec<OrderCommand> = vec![
        confirm(),
        hold(None),
        release(None),
        cancel(),
        cancel_lines(&[]),
        note(),
        tag("a"),
        untag("a"),
        archive(),
        unarchive(),
        invoice(1),
        add_line(line(0, "1")),
        change("l1", 0),
        remove_line("l1"),
        change_shipping(-1, 0),
        discount(fixed(0), None),
        remove_discount("d1"),
        authorize(0),
        capture("p1", 0),
        settle_capture("c1", Settled::Failed),
        void("p1"),
        fail("p1"),
        refund("p1", 0),
        refund_return("p1", 1, "r1"),
        refund_for("p1", 1, RefundPurpose::Return),
        refund_for("p1", 1, RefundPurpose::Overpayment),
        settle_refund("rf1", Settled::Failed),
        credit(0, Some("r1")),
        charge_back("p1", 0),
        fulfill(&[]),
        ship("f1"),
        track("f1"),
        deliver("f1"),
        unpack("f1"),
        send_back(&[]),
        approve("r1"),
        decline("r1"),
        receive("r1", &[]),
        exchange("r1", ORDER),
        close("r1"),
        call_off("r1"),
        complete(),
        assign(customer("1")),
    ];
    for command in unknown {
        nothing().when(command).rejects(&Rejection::OrderNotFound);
    }
}

#[test]
fn sums_are_in_the_currency_of_the_order() {
    let currency = Some("EUR".parse().expect("known"));
    let mut refund = giving_back("p1", 1);
    refund.sum = Sum {
        amount: 1,
        currency,
    };
    paid().when(refund.into()).fails_with("currency_mismatch");
}
