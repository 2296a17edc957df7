//! Money events onto the state.

use super::{Capture, Money, Order, PaymentEnd, Refund};
use crate::order::{event::OrderEvent, status};
use contracts::order::{
    PaymentCaptured, RefundIssued, RefundPurpose, RefundTerms, ReturnState as Step,
};

fn payment<'a>(order: &'a mut Order, id: &str) -> Option<&'a mut Money> {
    order.payments.iter_mut().find(|p| p.id == id)
}

pub fn apply(order: &mut Order, event: &OrderEvent) {
    match event {
        OrderEvent::PaymentAuthorized(e) => {
            order.counters.payments += 1;
            order.payments.push(Money {
                id: e.payment_id.clone(),
                authorized: e.amount,
                captured: 0,
                capturing: 0,
                refunded: 0,
                refunding: 0,
                charged_back: 0,
                ended: None,
            });
        }
        OrderEvent::CaptureRequested(e) => {
            order.counters.captures += 1;
            if let Some(payment) = payment(order, &e.payment) {
                payment.capturing += e.amount;
            }
            order.captures.push(Capture {
                id: e.capture_id.clone(),
                payment: e.payment.clone(),
                amount: e.amount,
            });
        }
        OrderEvent::PaymentCaptured(e) => captured(order, e),
        OrderEvent::CaptureFailed(e) => {
            release_capture(order, &e.capture_id);
        }
        OrderEvent::PaymentVoided(e) => end(order, &e.payment, PaymentEnd::Voided),
        OrderEvent::PaymentFailed(e) => end(order, &e.payment, PaymentEnd::Failed),
        OrderEvent::RefundRequested(e) => {
            order.counters.refunds += 1;
            if let Some(payment) = payment(order, &e.terms.payment) {
                payment.refunding += e.terms.amount;
            }
            order.refunds.push(Refund {
                id: e.refund_id.clone(),
                terms: e.terms.clone(),
            });
        }
        OrderEvent::RefundIssued(e) => refunded(order, e),
        OrderEvent::RefundFailed(e) => {
            release_refund(order, &e.refund_id);
        }
        OrderEvent::CreditGranted(e) => {
            order.counters.credits += 1;
            credit(order, e.amount);
        }
        OrderEvent::ChargebackRecorded(e) => {
            order.counters.chargebacks += 1;
            if let Some(payment) = payment(order, &e.payment) {
                payment.charged_back += e.amount;
            }
        }
        _ => {}
    }
}

fn end(order: &mut Order, id: &str, how: PaymentEnd) {
    if let Some(payment) = payment(order, id) {
        payment.ended = Some(how);
    }
}

/// Whether the capture had been requested; its amount is not reserved any
/// more.
fn release_capture(order: &mut Order, id: &str) -> bool {
    let Some(at) = order.captures.iter().position(|c| c.id == id) else {
        return false;
    };
    let capture = order.captures.remove(at);
    if let Some(payment) = payment(order, &capture.payment) {
        payment.capturing -= capture.amount;
    }
    true
}

fn release_refund(order: &mut Order, id: &str) -> bool {
    let Some(at) = order.refunds.iter().position(|r| r.id == id) else {
        return false;
    };
    let refund = order.refunds.remove(at);
    if let Some(payment) = payment(order, &refund.terms.payment) {
        payment.refunding -= refund.terms.amount;
    }
    true
}

fn captured(order: &mut Order, event: &PaymentCaptured) {
    if !release_capture(order, &event.capture_id) {
        order.counters.captures += 1;
    }
    if let Some(payment) = payment(order, &event.payment) {
        payment.captured += event.amount;
    }
}

/// What exceeds what the order costs by then is no credit: it would make
/// later goods free.
fn credit(order: &mut Order, amount: i64) {
    let costs = status::totals(order).map_or(i64::MAX, |totals| totals.total);
    let left = costs.saturating_sub(order.credited).max(0);
    order.credited = order.credited.saturating_add(amount.min(left));
}

fn refunded(order: &mut Order, event: &RefundIssued) {
    if !release_refund(order, &event.refund_id) {
        order.counters.refunds += 1;
    }
    let RefundTerms {
        amount, purpose, ..
    } = event.terms;
    if let Some(payment) = payment(order, &event.terms.payment) {
        payment.refunded += amount;
    }
    if matches!(purpose, RefundPurpose::Return | RefundPurpose::Goodwill) {
        credit(order, amount);
    }
    let id = event.terms.return_id.as_deref();
    let returned = order.returns.iter_mut().find(|r| Some(r.id.as_str()) == id);
    // A return that was closed meanwhile stays closed.
    if let Some(returned) = returned.filter(|r| r.is_open()) {
        returned.state = Step::Refunded;
    }
}
