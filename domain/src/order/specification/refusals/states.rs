//! What the state of an order forbids.

use super::{Case, packed, paid, plain, refusals, returning, sent};
use crate::order::{
    command::Settled,
    specification::{Given, commands::*, given},
};
use contracts::order::RefundPurpose;
use uuid::Uuid;

pub fn all() -> Vec<Case> {
    let cases = [editing(), money(), goods()];
    cases.into_iter().flatten().collect()
}

fn editing() -> Vec<Case> {
    refusals! {
        packed(), change_shipping(1, 0) => editing_closed Conflict "" {"fulfillments": ["f1"]};
        plain().and(assign(customer("7"))), link("8") => customer_known Conflict "" {"customer_id": "7"};
        packed(), change("l1", 1) => below_fulfilled Conflict "/quantity" {"requested": 1, "fulfilled": 2, "cancelled": 0};
        packed(), remove_line("l1") => line_fulfilled Conflict "" {"fulfilled": 2};
        given([place(vec![line(1, "1")])]), remove_line("l1") => last_line Conflict "" {};
        plain(), discount(fixed(4_001), None)
            => discount_exceeds_amount Conflict "/amount" {"requested": 4_001, "available": 4_000};
        plain(), reprice("l1", None, Some(3_001), None)
            => discount_out_of_range Invalid "/discount" {"discount": 3_001, "amount": 3_000};
        plain(), reprice("l1", None, None, Some(-1)) => tax_out_of_range Invalid "/tax" {"tax": -1};
    }
}

fn money() -> Vec<Case> {
    let purpose = |purpose| refund_for("p1", 1, purpose);
    let ended = || given([placed(), authorize(1), void("p1")]);
    let settled = || {
        given([
            placed(),
            authorize(9),
            request_capture("p1", 4),
            settle_capture("c1", Settled::Failed),
        ])
    };
    let pending = || given([placed(), authorize(9), request_capture("p1", 4)]);
    refusals! {
        pending(), capture("p1", 6)
            => capture_exceeds_authorized Conflict "/amount" {"requested": 6, "capturable": 5};
        paid(), refund("p1", 4_001)
            => refund_exceeds_captured Conflict "/amount" {"requested": 4_001, "refundable": 4_000};
        paid(), purpose(RefundPurpose::Overpayment)
            => refund_exceeds_overpayment Conflict "/amount" {"requested": 1, "overpaid": 0};
        plain(), credit(4_001, None)
            => credit_exceeds_total Conflict "/amount" {"requested": 4_001, "creditable": 4_000};
        paid(), charge_back("p1", 4_001)
            => chargeback_exceeds_captured Conflict "/amount" {"requested": 4_001, "chargeable": 4_000};
        pending(), void("p1") => payment_captured Conflict "" {"captured": 0, "pending": 4};
        ended(), capture("p1", 1) => payment_ended Conflict "" {};
        paid(), purpose(RefundPurpose::Return) => purpose_needs_return Invalid "/purpose" {};
        settled(), settle_capture("c1", Settled::Succeeded)
            => already_settled Conflict "" {"id": "c1"};
    }
}

fn goods() -> Vec<Case> {
    let all = || given([placed(), fulfill(&[("l1", 3), ("l2", 2)])]);
    let come_back = || {
        returning()
            .and(approve("r1"))
            .and(receive("r1", &[("l1", 1)]))
    };
    let swapped = || returning().and(exchange("r1", Uuid::from_u128(2)));
    refusals! {
        packed(), fulfill(&[("l1", 3)])
            => exceeds_open Conflict "/lines/0/quantity" {"line": "l1", "requested": 3, "open": 1};
        all(), fulfill(&[]) => nothing_to_fulfill Conflict "" {};
        packed().and(hold(None)), ship("f1") => on_hold Conflict "" {"holds": ["h1"]};
        packed(), shipment("f1").into() => unpaid Conflict "" {"covered": 0, "needed": 4_000};
        packed(), deliver("f1") => wrong_fulfillment_status Conflict "" {"needed": "shipped", "state": "open"};
        packed(), cancel() => fulfillments_live Conflict "" {"fulfillments": ["f1"]};
        unshipped_return(), cancel() => returns_open Conflict "" {"returns": ["r1"]};
        sent(), send_back(&[("l1", 3)])
            => return_exceeds_shipped Conflict "/lines/0/quantity" {"line": "l1", "requested": 3, "returnable": 2};
        returning().and(approve("r1")), receive("r1", &[("l1", 3)])
            => receive_exceeds_requested Conflict "/lines/0/quantity" {"line": "l1", "received": 3, "expected": 2};
        returning(), receive("r1", &[("l1", 1)])
            => wrong_return_status Conflict "" {"needed": "approved", "state": "requested"};
        come_back(), call_off("r1") => return_begun Conflict "" {"received": 1};
        swapped(), exchange("r1", Uuid::from_u128(3))
            => exchange_taken Conflict "" {"exchange_order_id": Uuid::from_u128(2)};
    }
}

/// Only a state that no commands lead to has an open return and nothing
/// shipped; the rule stands on its own all the same.
fn unshipped_return() -> Given {
    let mut order = returning();
    order.order.fulfillments.clear();
    order
}
