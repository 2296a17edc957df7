//! What a cancellation leaves to be done with money: the event names it, and
//! commands do it.

use super::Situation;
use crate::process::step::{Kind, Step, segment};
use contracts::order::{Fact, OrderStatus, PaymentAmount, PaymentCaptured, Settlement};
use infra::platforms::OnCancellation;
use serde_json::json;

/// The steps that void and refund.
pub fn react(situation: &Situation<'_>) -> Vec<Step> {
    if situation.settings.on_cancellation == OnCancellation::Nothing {
        return Vec::new();
    }
    match &situation.event.fact {
        Fact::OrderCancelled(e) => settle(situation, &e.settlement, "order cancelled"),
        Fact::LinesCancelled(e) => settle(situation, &e.settlement, "lines cancelled"),
        Fact::PaymentCaptured(e) => give_back(situation, e).into_iter().collect(),
        Fact::CaptureFailed(e) => give_up(situation, &e.payment).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn settle(situation: &Situation<'_>, settlement: &Settlement, reason: &str) -> Vec<Step> {
    let voids = settlement.to_void.iter().map(|of| void(situation, of));
    let refunds = settlement.to_refund.iter();
    let refunds = refunds.map(|of| refund(situation, of, reason));
    voids.chain(refunds).collect()
}

/// A capture that a provider had begun before the order was cancelled: the
/// cancellation could not name it. No more than the order is overpaid by.
fn give_back(situation: &Situation<'_>, captured: &PaymentCaptured) -> Option<Step> {
    let after = &situation.event.after;
    let overpaid = after.totals.balance_due.checked_neg()?;
    let of = PaymentAmount {
        payment: captured.payment.clone(),
        amount: captured.amount.min(overpaid),
    };
    let late = after.status == OrderStatus::Cancelled && of.amount > 0;
    late.then(|| refund(situation, &of, "captured after the order was cancelled"))
}

/// An authorisation whose capture was under way when the order was cancelled
/// and failed: the cancellation could not void it. Where something else of it
/// was captured, the command API refuses, and nothing is to be voided.
fn give_up(situation: &Situation<'_>, payment: &str) -> Option<Step> {
    let cancelled = situation.event.after.status == OrderStatus::Cancelled;
    let of = PaymentAmount {
        payment: payment.to_owned(),
        amount: 0,
    };
    cancelled.then(|| void(situation, &of))
}

fn void(situation: &Situation<'_>, of: &PaymentAmount) -> Step {
    let action = format!("payments/{}/void", segment(&of.payment));
    Step::new(situation.envelope, Kind::Void, &action, &json!({})).of(&of.payment)
}

fn refund(situation: &Situation<'_>, of: &PaymentAmount, reason: &str) -> Step {
    let body = json!({
        "payment_id": of.payment,
        "amount": of.amount,
        "reason": reason,
        "purpose": "cancellation",
        "pending": situation.settings.on_cancellation == OnCancellation::Request,
    });
    Step::new(situation.envelope, Kind::Refund, "refunds", &body).of(&of.payment)
}
