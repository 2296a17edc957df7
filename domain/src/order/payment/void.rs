//! Giving up an authorisation.

use crate::order::{
    command::VoidPayment,
    event::OrderEvent,
    personal,
    rejection::Rejection,
    state::{Money, Order, PaymentEnd},
};
use contracts::order::PaymentVoided;

/// Only when nothing is captured, nor being captured. Voiding a voided one
/// changes nothing. Also on a cancelled order, which names what to void.
pub fn decide(order: &Order, command: VoidPayment) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let payment = order.payment(&command.payment, None)?;
    if payment.ended == Some(PaymentEnd::Voided) {
        return Ok(Vec::new());
    }
    untouched(payment)?;
    let voided = PaymentVoided {
        payment: payment.id.clone(),
        personal: personal::reason(command.reason),
    };
    Ok(vec![voided.into()])
}

/// Nothing captured, nothing being captured, and not ended.
pub fn untouched(payment: &Money) -> Result<(), Rejection> {
    if payment.captured > 0 || payment.capturing > 0 {
        return Err(Rejection::PaymentCaptured {
            captured: payment.captured,
            pending: payment.capturing,
        });
    }
    if payment.ended.is_some() {
        return Err(Rejection::PaymentEnded);
    }
    Ok(())
}
