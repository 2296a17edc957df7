//! Recording that the provider refused a payment.

use super::void::untouched;
use crate::order::{
    command::FailPayment,
    event::OrderEvent,
    personal,
    rejection::Rejection,
    state::{Order, PaymentEnd},
};
use contracts::order::PaymentFailed;

/// Only when nothing is captured. A failed one stays as it is.
pub fn decide(order: &Order, command: FailPayment) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let payment = order.payment(&command.payment, None)?;
    if payment.ended == Some(PaymentEnd::Failed) {
        return Ok(Vec::new());
    }
    untouched(payment)?;
    let failed = PaymentFailed {
        payment: payment.id.clone(),
        personal: personal::reason(command.reason),
    };
    Ok(vec![failed.into()])
}
