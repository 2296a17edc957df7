//! Recording, or asking for, a capture.

use super::{amount, same_currency};
use crate::order::{
    command::{CapturePayment, Sum},
    event::OrderEvent,
    placement::checked,
    rejection::Rejection,
    state::Order,
};
use contracts::order::{CaptureRequested, PaymentCaptured};

/// At most what is authorised, not captured and not reserved. A pending one
/// reserves the amount until it succeeds or fails.
pub fn decide(order: &Order, command: &CapturePayment) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.live_sale()?;
    let payment = order.payment(&command.payment, None)?;
    same_currency(head, command.currency)?;
    if payment.ended.is_some() {
        return Err(Rejection::PaymentEnded);
    }
    let capturable = payment.capturable();
    let requested = match command.amount {
        Some(amount) => self::amount(
            head,
            Sum {
                amount,
                currency: None,
            },
        )?,
        None => capturable,
    };
    if requested > capturable || requested == 0 {
        return Err(Rejection::CaptureExceedsAuthorized {
            requested,
            capturable,
        });
    }
    let capture_id = format!("c{}", order.counters.captures + 1);
    let payment = payment.id.clone();
    let event = if command.pending {
        OrderEvent::from(CaptureRequested {
            capture_id,
            payment,
            amount: requested,
        })
    } else {
        OrderEvent::from(PaymentCaptured {
            capture_id,
            payment,
            amount: requested,
            occurred_at: command.occurred_at,
        })
    };
    checked(order, vec![event])
}
