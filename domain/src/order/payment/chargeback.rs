//! Recording that the customer's bank took money back.

use super::amount;
use crate::order::{
    command::RecordChargeback, event::OrderEvent, personal, placement::checked,
    rejection::Rejection, state::Order,
};
use contracts::order::ChargebackRecorded;

/// At most what is captured and not charged back: a bank does not ask what
/// was refunded meanwhile.
pub fn decide(order: &Order, command: RecordChargeback) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.sale()?;
    let payment = order.payment(&command.payment, Some("/payment_id".to_owned()))?;
    let requested = amount(head, command.sum)?;
    let chargeable = payment.captured - payment.charged_back;
    if requested > chargeable {
        return Err(Rejection::ChargebackExceedsCaptured {
            requested,
            chargeable,
        });
    }
    let recorded = ChargebackRecorded {
        chargeback_id: format!("cb{}", order.counters.chargebacks + 1),
        payment: payment.id.clone(),
        amount: requested,
        occurred_at: None,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![recorded.into()])
}
