//! Recording an authorisation.

use super::amount;
use crate::order::{
    command::AuthorizePayment, event::OrderEvent, placement::checked, rejection::Rejection,
    state::Order,
};
use contracts::order::PaymentAuthorized;

/// Any amount: customers pay too much, or in parts.
pub fn decide(order: &Order, command: AuthorizePayment) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.live_sale()?;
    let authorized = PaymentAuthorized {
        payment_id: format!("p{}", order.counters.payments + 1),
        amount: amount(head, command.sum)?,
        provider: command.provider.map(Into::into),
        reference: command.reference.map(Into::into),
    };
    checked(order, vec![authorized.into()])
}
