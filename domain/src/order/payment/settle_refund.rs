//! How a pending refund ended.

use super::not_pending;
use crate::order::{
    command::{SettleRefund, Settled},
    event::OrderEvent,
    personal,
    placement::checked,
    rejection::{Part, Rejection},
    state::Order,
};
use contracts::order::{RefundFailed, RefundIssued};

/// Its outcome is told once.
pub fn decide(order: &Order, command: SettleRefund) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let id: &str = &command.refund;
    let Some(refund) = order.refunds.iter().find(|r| r.id == id) else {
        return Err(not_pending(Part::Refund, "rf", id, order.counters.refunds));
    };
    let personal = personal::reason(command.reason);
    let event = match command.outcome {
        Settled::Succeeded => OrderEvent::from(RefundIssued {
            refund_id: refund.id.clone(),
            terms: refund.terms.clone(),
            occurred_at: None,
            personal,
        }),
        Settled::Failed => OrderEvent::from(RefundFailed {
            refund_id: refund.id.clone(),
            personal,
        }),
    };
    checked(order, vec![event])
}
