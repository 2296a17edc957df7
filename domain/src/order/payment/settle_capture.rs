//! How a pending capture ended.

use super::not_pending;
use crate::order::{
    command::{SettleCapture, Settled},
    event::OrderEvent,
    personal,
    placement::checked,
    rejection::{Part, Rejection},
    state::Order,
};
use contracts::order::{CaptureFailed, PaymentCaptured};

/// Also on a cancelled order: what the provider did is a fact. Its outcome
/// is told once.
pub fn decide(order: &Order, command: SettleCapture) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let id: &str = &command.capture;
    let Some(capture) = order.captures.iter().find(|c| c.id == id) else {
        return Err(not_pending(Part::Capture, "c", id, order.counters.captures));
    };
    let event = match command.outcome {
        Settled::Succeeded => OrderEvent::from(PaymentCaptured {
            capture_id: capture.id.clone(),
            payment: capture.payment.clone(),
            amount: capture.amount,
            occurred_at: None,
        }),
        Settled::Failed => OrderEvent::from(CaptureFailed {
            capture_id: capture.id.clone(),
            payment: capture.payment.clone(),
            personal: personal::reason(command.reason),
        }),
    };
    checked(order, vec![event])
}
