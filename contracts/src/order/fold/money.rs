//! Payments, refunds, credits, chargebacks.

use super::{Missing, part};
use crate::{
    cloudevents::CloudEvent,
    order::{
        document::{Capture, Chargeback, Credit, Order, Payment, Refund},
        event::{
            CaptureRequested, ChargebackRecorded, CreditGranted, PaymentAuthorized,
            PaymentCaptured, RefundIssued, RefundRequested,
        },
        parts::RefundTerms,
        status::{MovementState, PaymentState, ReturnState},
    },
};
use time::OffsetDateTime;

pub fn authorized(order: &mut Order, event: PaymentAuthorized, envelope: &CloudEvent) {
    order.payments.push(Payment {
        id: event.payment_id,
        status: PaymentState::Authorized,
        amount: event.amount,
        captured: 0,
        refunded: 0,
        charged_back: 0,
        provider: event.provider,
        reference: event.reference,
        captures: Vec::new(),
        at: envelope.time,
    });
}

fn payment<'a>(order: &'a mut Order, id: &str) -> Result<&'a mut Payment, Missing> {
    part(&mut order.payments, id, |p| &p.id)
}

pub fn voided(order: &mut Order, id: &str) -> Result<(), Missing> {
    payment(order, id)?.status = PaymentState::Voided;
    Ok(())
}

pub fn failed(order: &mut Order, id: &str) -> Result<(), Missing> {
    payment(order, id)?.status = PaymentState::Failed;
    Ok(())
}

pub fn capture_requested(
    order: &mut Order,
    event: CaptureRequested,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    payment(order, &event.payment)?.captures.push(Capture {
        id: event.capture_id,
        status: MovementState::Pending,
        amount: event.amount,
        at: envelope.time,
    });
    Ok(())
}

pub fn captured(
    order: &mut Order,
    event: PaymentCaptured,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    let at = event.occurred_at.unwrap_or(envelope.time);
    let payment = payment(order, &event.payment)?;
    let capture = Capture {
        id: event.capture_id,
        status: MovementState::Succeeded,
        amount: event.amount,
        at,
    };
    match part(&mut payment.captures, &capture.id, |c| &c.id) {
        Ok(requested) => *requested = capture,
        Err(Missing(_)) => payment.captures.push(capture),
    }
    payment.captured += event.amount;
    payment.status = if payment.captured < payment.amount {
        PaymentState::PartiallyCaptured
    } else {
        PaymentState::Captured
    };
    Ok(())
}

pub fn capture_failed(order: &mut Order, id: &str, envelope: &CloudEvent) -> Result<(), Missing> {
    let captures = order.payments.iter_mut().flat_map(|p| &mut p.captures);
    let mut captures = captures.filter(|capture| capture.id == id);
    let capture = captures.next().ok_or_else(|| Missing(id.to_owned()))?;
    capture.status = MovementState::Failed;
    capture.at = envelope.time;
    Ok(())
}

fn refund(
    id: String,
    status: MovementState,
    terms: RefundTerms,
    reason: Option<String>,
    at: OffsetDateTime,
) -> Refund {
    Refund {
        id,
        status,
        payment: terms.payment,
        amount: terms.amount,
        purpose: terms.purpose,
        return_id: terms.return_id,
        reason,
        at,
    }
}

pub fn refund_requested(order: &mut Order, event: RefundRequested, envelope: &CloudEvent) {
    let reason = event.personal.and_then(|p| p.readable().reason);
    let pending = MovementState::Pending;
    let refund = refund(event.refund_id, pending, event.terms, reason, envelope.time);
    order.refunds.push(refund);
}

pub fn refunded(
    order: &mut Order,
    event: RefundIssued,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    let RefundTerms { amount, .. } = event.terms;
    payment(order, &event.terms.payment)?.refunded += amount;
    if let Some(id) = &event.terms.return_id {
        let returned = part(&mut order.returns, id, |r| &r.id)?;
        returned.refunded += amount;
        // A return that was closed meanwhile stays closed.
        if returned.status != ReturnState::Closed {
            returned.status = ReturnState::Refunded;
        }
    }
    let reason = event.personal.and_then(|p| p.readable().reason);
    let at = event.occurred_at.unwrap_or(envelope.time);
    let done = MovementState::Succeeded;
    let mut refund = refund(event.refund_id, done, event.terms, reason, at);
    match part(&mut order.refunds, &refund.id, |r| &r.id) {
        Ok(requested) => {
            refund.reason = refund.reason.or(requested.reason.take());
            *requested = refund;
        }
        Err(Missing(_)) => order.refunds.push(refund),
    }
    Ok(())
}

pub fn refund_failed(order: &mut Order, id: &str, envelope: &CloudEvent) -> Result<(), Missing> {
    let refund = part(&mut order.refunds, id, |r| &r.id)?;
    refund.status = MovementState::Failed;
    refund.at = envelope.time;
    Ok(())
}

pub fn credited(
    order: &mut Order,
    event: CreditGranted,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    if let Some(id) = &event.return_id {
        part(&mut order.returns, id, |r| &r.id)?.credited += event.amount;
    }
    order.credits.push(Credit {
        id: event.credit_id,
        amount: event.amount,
        return_id: event.return_id,
        reason: event.personal.and_then(|p| p.readable().reason),
        at: envelope.time,
    });
    Ok(())
}

pub fn charged_back(
    order: &mut Order,
    event: ChargebackRecorded,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    payment(order, &event.payment)?.charged_back += event.amount;
    order.chargebacks.push(Chargeback {
        id: event.chargeback_id,
        payment: event.payment,
        amount: event.amount,
        reason: event.personal.and_then(|p| p.readable().reason),
        at: event.occurred_at.unwrap_or(envelope.time),
    });
    Ok(())
}
