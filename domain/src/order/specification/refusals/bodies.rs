//! Which order, which part of it, and what a body says.

use super::{Case, labelled, packed, paid, plain, refusals};
use crate::order::{
    OrderCommand,
    command::{
        CapturePayment, History, NewTracking, PastFulfillment, PastPayment, Settled,
        ShipFulfillment,
    },
    lifecycle::MAX_HISTORY,
    placement::MAX_TAGS,
    specification::{commands::*, given, nothing},
};
use contracts::order::Kind;

const HUGE: &str = "999999999999999";
const LIMIT: i64 = 1_000_000_000;

pub fn all() -> Vec<Case> {
    let cases = [which_order(), parts(), content(), history()];
    cases.into_iter().flatten().collect()
}

fn which_order() -> Vec<Case> {
    let same = || given([import(Kind::Order, vec![line(1, "1")])]);
    let credit = || given([import(Kind::Credit, vec![line(-1, "1")])]);
    refusals! {
        nothing(), cancel() => order_not_found NotFound "" {};
        plain(), placed() => external_id_taken Conflict "" {"order_id": ORDER};
        same(), import(Kind::Order, vec![line(2, "1")]) => import_differs Conflict "" {"order_id": ORDER};
        credit(), confirm() => not_for_kind Conflict "" {"kind": "credit"};
        given([draft(vec![])]), confirm() => order_is_draft Conflict "" {};
        plain(), complete() => order_not_draft Conflict "" {};
        plain().and(cancel()), confirm() => order_cancelled Conflict "" {};
    }
}

fn parts() -> Vec<Case> {
    let done = Settled::Succeeded;
    refusals! {
        plain(), change("l9", 1) => line_not_found NotFound "" {"id": "l9"};
        plain(), fulfill(&[("l1", 1), ("l9", 1)])
            => line_not_found Invalid "/lines/1/line" {"id": "l9"};
        plain(), discount(fixed(1), Some("l9")) => line_not_found Invalid "/line" {"id": "l9"};
        plain(), remove_discount("d1") => discount_not_found NotFound "" {"id": "d1"};
        plain(), release(Some("h1")) => hold_not_found Invalid "/hold_id" {"id": "h1"};
        plain(), capture("p1", 1) => payment_not_found NotFound "" {"id": "p1"};
        plain(), refund("p1", 1) => payment_not_found Invalid "/payment_id" {"id": "p1"};
        plain(), charge_back("p1", 1) => payment_not_found Invalid "/payment_id" {"id": "p1"};
        plain(), settle_capture("c1", done) => capture_not_found NotFound "" {"id": "c1"};
        plain(), settle_refund("rf1", done) => refund_not_found NotFound "" {"id": "rf1"};
        plain(), ship("f1") => fulfillment_not_found NotFound "" {"id": "f1"};
        plain(), approve("r1") => return_not_found NotFound "" {"id": "r1"};
        paid(), refund_return("p1", 1, "r1") => return_not_found Invalid "/return_id" {"id": "r1"};
        plain(), credit(1, Some("r1")) => return_not_found Invalid "/return_id" {"id": "r1"};
    }
}

fn content() -> Vec<Case> {
    let with_tax = |tax| place(vec![taxed(1, "1", 0, tax)]);
    let shipped_for = |amount, tax| {
        let mut new = order(vec![line(1, "1")]);
        new.shipping = Some(shipping(amount, tax));
        place_order(new)
    };
    let mut tagged = order(vec![line(1, "1")]);
    tagged.tags = (0..=MAX_TAGS).map(|n| id(&n.to_string())).collect();
    refusals! {
        nothing(), place(vec![]) => no_lines Invalid "/lines" {};
        plain(), fulfill(&[]) => no_lines Invalid "/lines" {};
        nothing(), place(vec![line(1, "1"); 5_001])
            => too_many_lines Invalid "/lines" {"lines": 5_001, "limit": 5_000};
        nothing(), place(vec![line(1, "1"), line(0, "1")])
            => quantity_out_of_range Invalid "/lines/1/quantity" {"quantity": 0, "limit": LIMIT};
        plain(), add_line(line(-1, "1"))
            => quantity_out_of_range Invalid "/quantity" {"quantity": -1, "limit": LIMIT};
        plain(), change("l1", 0)
            => quantity_out_of_range Invalid "/quantity" {"quantity": 0, "limit": LIMIT};
        nothing(), import(Kind::Order, vec![line(-1, "0")])
            => no_positive_quantity Invalid "/lines" {};
        nothing(), import(Kind::Credit, vec![line(1, "1")])
            => credit_quantity_positive Invalid "/lines/0/quantity" {"quantity": 1};
        nothing(), place(vec![line(1, "-1")]) => negative_price Invalid "/lines/0/unit_price" {};
        plain(), add_line(line(1, "-1")) => negative_price Invalid "/unit_price" {};
        nothing(), place(vec![taxed(1, "1", 101, 0)])
            => discount_out_of_range Invalid "/lines/0/discount" {"discount": 101, "amount": 100};
        plain(), add_line(taxed(1, "1", -1, 0))
            => discount_out_of_range Invalid "/discount" {"discount": -1, "amount": 100};
        nothing(), with_tax(-1) => tax_out_of_range Invalid "/lines/0/tax" {"tax": -1};
        nothing(), shipped_for(1, -1) => tax_out_of_range Invalid "/shipping/tax" {"tax": -1};
        plain(), change_shipping(1, -1) => tax_out_of_range Invalid "/tax" {"tax": -1};
        nothing(), shipped_for(-1, 0)
            => shipping_out_of_range Invalid "/shipping/amount" {"amount": -1};
        plain(), change_shipping(-1, 0) => shipping_out_of_range Invalid "/amount" {"amount": -1};
        nothing(), place(vec![line(1, "1"), line(LIMIT, HUGE)])
            => amount_overflow Invalid "/lines/1" {};
        plain(), add_line(line(LIMIT, HUGE)) => amount_overflow Invalid "" {};
        nothing(), place_order(tagged) => too_many_tags Invalid "/tags" {"limit": MAX_TAGS};
        labelled(), tag("one more") => too_many_tags Invalid "/tags" {"limit": MAX_TAGS};
        nothing(), long_past()
            => history_too_long Invalid "" {"parts": MAX_HISTORY + 1, "limit": MAX_HISTORY};
        plain(), authorize(0) => amount_not_positive Invalid "/amount" {"amount": 0};
        paid(), in_euro()
            => currency_mismatch Invalid "/currency" {"expected": "GBP", "given": "EUR"};
        packed(), forced() => reason_required Invalid "/reason" {};
        plain(), fulfill(&[("l1", 1), ("l1", 1)])
            => duplicate_line Invalid "/lines/1/line" {"line": "l1"};
        plain(), cancel_lines(&[("l1", 0)])
            => units_out_of_range Invalid "/lines/0/quantity" {"quantity": 0, "limit": LIMIT};
    }
}

/// A capture of pence under the name of euro cents.
fn in_euro() -> OrderCommand {
    CapturePayment {
        payment: id("p1"),
        amount: Some(1),
        currency: Some("EUR".parse().expect("known")),
        pending: false,
        occurred_at: None,
    }
    .into()
}

fn forced() -> OrderCommand {
    let force = true;
    ShipFulfillment {
        force,
        ..shipment("f1")
    }
    .into()
}

fn history() -> Vec<Case> {
    let open = PastFulfillment {
        lines: Vec::new(),
        tracking: NewTracking {
            carrier: Some(id("DHL")),
            ..NewTracking::default()
        },
        shipped_at: None,
        delivered_at: None,
    };
    let nowhere = History {
        fulfillments: vec![open],
        ..History::default()
    };
    let overdrawn = PastPayment {
        amount: 100,
        captured: 101,
        provider: None,
        reference: None,
        captured_at: None,
    };
    let overdrawn = History {
        payments: vec![overdrawn],
        ..History::default()
    };
    let with = |history| import_order(order(vec![line(1, "1")]), Kind::Order, history);
    refusals! {
        nothing(), with(overdrawn)
            => capture_exceeds_authorized Invalid "/payments/0/amount" {"requested": 101, "capturable": 100};
        nothing(), with(nowhere)
            => wrong_fulfillment_status Invalid "/fulfillments/0" {"needed": "shipped", "state": "open"};
    }
}

fn long_past() -> OrderCommand {
    let payment = PastPayment {
        amount: 1,
        captured: 0,
        provider: None,
        reference: None,
        captured_at: None,
    };
    let history = History {
        payments: vec![payment; MAX_HISTORY + 1],
        ..History::default()
    };
    import_order(order(vec![line(1, "1")]), Kind::Order, history)
}
