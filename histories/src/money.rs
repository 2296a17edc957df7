//! Steps with money.

use super::steps::{Step, live, next_id};
use contracts::order::{
    CaptureFailed, CaptureRequested, ChargebackRecorded, CreditGranted, Fact, MovementState, Order,
    Payment, PaymentAuthorized, PaymentCaptured, PaymentState, PaymentVoided, Refund, RefundFailed,
    RefundIssued, RefundPurpose, RefundRequested, RefundTerms,
};

pub fn authorize(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let event = PaymentAuthorized {
        payment_id: next_id("p", order.payments.len()),
        amount: step.some_of(900)?,
        provider: Some("bank".into()),
        reference: Some(format!("ref-{}", step.choice)),
    };
    Some(event.into())
}

/// A payment of which something can still be captured, and how much.
fn capturable(step: Step, order: &Order) -> Option<(&Payment, i64)> {
    let usable = order.payments.iter().filter(|p| {
        let pending = p
            .captures
            .iter()
            .any(|c| c.status == MovementState::Pending);
        !pending && !matches!(p.status, PaymentState::Voided | PaymentState::Failed)
    });
    let payment = step.one_of(usable)?;
    Some((payment, step.some_of(payment.amount - payment.captured)?))
}

fn capture_count(order: &Order) -> usize {
    order.payments.iter().map(|p| p.captures.len()).sum()
}

/// A capture that waits for its outcome, and its payment.
fn pending_capture(step: Step, order: &Order) -> Option<(&Payment, &contracts::order::Capture)> {
    let captures = order
        .payments
        .iter()
        .flat_map(|p| p.captures.iter().map(move |c| (p, c)));
    step.one_of(captures.filter(|(_, c)| c.status == MovementState::Pending))
}

pub fn ask_capture(step: Step, order: &Order) -> Option<Fact> {
    let (payment, amount) = capturable(step, order)?;
    let event = CaptureRequested {
        capture_id: next_id("c", capture_count(order)),
        payment: payment.id.clone(),
        amount,
    };
    Some(event.into())
}

/// The one that waits for it, else a new one.
pub fn capture(step: Step, order: &Order) -> Option<Fact> {
    let asked = pending_capture(step, order);
    let asked = asked.map(|(payment, capture)| (capture.id.clone(), payment, capture.amount));
    let (capture_id, payment, amount) = asked.or_else(|| {
        let (payment, amount) = capturable(step, order)?;
        Some((next_id("c", capture_count(order)), payment, amount))
    })?;
    let event = PaymentCaptured {
        capture_id,
        payment: payment.id.clone(),
        amount,
        occurred_at: None,
    };
    Some(event.into())
}

pub fn no_capture(step: Step, order: &Order) -> Option<Fact> {
    let (payment, capture) = pending_capture(step, order)?;
    let event = CaptureFailed {
        capture_id: capture.id.clone(),
        payment: payment.id.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn void(step: Step, order: &Order) -> Option<Fact> {
    let (payment, _) = capturable(step, order).filter(|(p, _)| p.captured == 0)?;
    let event = PaymentVoided {
        payment: payment.id.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

fn terms(step: Step, order: &Order) -> Option<RefundTerms> {
    let pending = order
        .refunds
        .iter()
        .any(|r| r.status == MovementState::Pending);
    let payment = step.one_of(order.payments.iter().filter(|_| !pending))?;
    let returned = step.one_of(order.returns.iter());
    Some(RefundTerms {
        payment: payment.id.clone(),
        amount: step.some_of(payment.captured - payment.refunded - payment.charged_back)?,
        purpose: match returned {
            Some(_) => RefundPurpose::Return,
            None => RefundPurpose::Goodwill,
        },
        return_id: returned.map(|r| r.id.clone()),
    })
}

fn pending_refund(step: Step, order: &Order) -> Option<&Refund> {
    let refunds = order.refunds.iter();
    step.one_of(refunds.filter(|r| r.status == MovementState::Pending))
}

pub fn ask_refund(step: Step, order: &Order) -> Option<Fact> {
    let event = RefundRequested {
        refund_id: next_id("rf", order.refunds.len()),
        terms: terms(step, order)?,
        personal: step.reason(),
    };
    Some(event.into())
}

/// The one that waits for it, else a new one.
pub fn refund(step: Step, order: &Order) -> Option<Fact> {
    let (refund_id, terms) = match pending_refund(step, order) {
        Some(asked) => (asked.id.clone(), terms_of(asked)),
        None => (next_id("rf", order.refunds.len()), terms(step, order)?),
    };
    let event = RefundIssued {
        refund_id,
        terms,
        occurred_at: None,
        personal: step.reason(),
    };
    Some(event.into())
}

fn terms_of(refund: &Refund) -> RefundTerms {
    RefundTerms {
        payment: refund.payment.clone(),
        amount: refund.amount,
        purpose: refund.purpose,
        return_id: refund.return_id.clone(),
    }
}

pub fn no_refund(step: Step, order: &Order) -> Option<Fact> {
    let event = RefundFailed {
        refund_id: pending_refund(step, order)?.id.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn credit(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let event = CreditGranted {
        credit_id: next_id("cr", order.credits.len()),
        amount: step.some_of(50)?,
        return_id: step.one_of(order.returns.iter()).map(|r| r.id.clone()),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn chargeback(step: Step, order: &Order) -> Option<Fact> {
    let payment = step.one_of(order.payments.iter())?;
    let event = ChargebackRecorded {
        chargeback_id: next_id("cb", order.chargebacks.len()),
        payment: payment.id.clone(),
        amount: step.some_of(payment.captured - payment.refunded - payment.charged_back)?,
        occurred_at: None,
        personal: step.reason(),
    };
    Some(event.into())
}
