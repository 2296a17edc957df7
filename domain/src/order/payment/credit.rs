//! Letting an order cost less, without money moving.

use super::amount;
use crate::order::{
    command::GrantCredit, event::OrderEvent, personal, placement::checked, pricing::overflow,
    rejection::Rejection, state::Order, status,
};
use contracts::order::CreditGranted;

/// At most what the order costs and was not credited before.
pub fn decide(order: &Order, command: GrantCredit) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.live_sale()?;
    let requested = amount(head, command.sum)?;
    if let Some(id) = &command.return_id {
        order.returned(id, Some("/return_id".to_owned()))?;
    }
    let totals = status::totals(order).map_err(overflow)?;
    let creditable = totals.total.saturating_sub(order.credited).max(0);
    if requested > creditable {
        return Err(Rejection::CreditExceedsTotal {
            requested,
            creditable,
        });
    }
    let granted = CreditGranted {
        credit_id: format!("cr{}", order.counters.credits + 1),
        amount: requested,
        return_id: command.return_id.map(Into::into),
        personal: personal::reason(command.reason),
    };
    checked(order, vec![granted.into()])
}
