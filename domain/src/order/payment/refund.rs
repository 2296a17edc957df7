//! Recording, or asking for, a refund.

use super::amount;
use crate::order::{
    command::RefundPayment, event::OrderEvent, personal, placement::checked, pricing::overflow,
    rejection::Rejection, state::Order, status,
};
use contracts::order::{RefundIssued, RefundPurpose, RefundRequested, RefundTerms, ReturnState};

/// At most what is captured of the payment, not refunded and not reserved.
/// For a return or goodwill, which credits the order; or for what was paid
/// too much, and then not more than that. A return's goods have come back,
/// some of them at least.
pub fn decide(order: &Order, command: RefundPayment) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.sale()?;
    let purpose = purpose(&command)?;
    if let Some(id) = &command.return_id {
        came_back(order, id)?;
    }
    let requested = amount(head, command.sum)?;
    let events = recorded(
        order,
        RefundPayment {
            purpose: Some(purpose),
            ..command
        },
    )?;
    if takes_nothing_off(purpose) {
        paid_too_much(order, requested)?;
    }
    Ok(events)
}

const fn purpose(command: &RefundPayment) -> Result<RefundPurpose, Rejection> {
    match (command.purpose, &command.return_id) {
        (None | Some(RefundPurpose::Return), Some(_)) => Ok(RefundPurpose::Return),
        (Some(RefundPurpose::Return), None) | (Some(_), Some(_)) => {
            Err(Rejection::PurposeNeedsReturn)
        }
        (Some(purpose), None) => Ok(purpose),
        (None, None) => Ok(RefundPurpose::Goodwill),
    }
}

/// Whether the order costs as much as before: there is no credit with it.
const fn takes_nothing_off(purpose: RefundPurpose) -> bool {
    matches!(
        purpose,
        RefundPurpose::Overpayment | RefundPurpose::Cancellation
    )
}

/// A refund within what was captured, whatever it is for: all that is asked
/// of one that was made elsewhere.
pub fn recorded(order: &Order, command: RefundPayment) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.sale()?;
    let payment = order.payment(&command.payment, Some("/payment_id".to_owned()))?;
    let requested = amount(head, command.sum)?;
    let refundable = payment.refundable();
    if requested > refundable {
        return Err(Rejection::RefundExceedsCaptured {
            requested,
            refundable,
        });
    }
    let refund_id = format!("rf{}", order.counters.refunds + 1);
    let terms = RefundTerms {
        payment: payment.id.clone(),
        amount: requested,
        purpose: command.purpose.unwrap_or(RefundPurpose::Goodwill),
        return_id: command.return_id.map(Into::into),
    };
    let personal = personal::reason(command.reason);
    let event = if command.pending {
        OrderEvent::from(RefundRequested {
            refund_id,
            terms,
            personal,
        })
    } else {
        OrderEvent::from(RefundIssued {
            refund_id,
            terms,
            occurred_at: command.occurred_at,
            personal,
        })
    };
    checked(order, vec![event])
}

/// Some of a return's goods have to be back before money is given for them.
pub fn came_back(order: &Order, id: &str) -> Result<(), Rejection> {
    let returned = order.returned(id, Some("/return_id".to_owned()))?;
    match returned.state {
        ReturnState::Received | ReturnState::Refunded => Ok(()),
        status => Err(Rejection::ReturnNot {
            needed: ReturnState::Received,
            status,
        }),
    }
}

fn paid_too_much(order: &Order, requested: i64) -> Result<(), Rejection> {
    let balance = status::totals(order).map_err(overflow)?.balance_due;
    let under_way = order.refunds.iter().map(|refund| &refund.terms);
    let under_way = under_way.filter(|t| takes_nothing_off(t.purpose));
    let under_way: i128 = under_way.map(|t| i128::from(t.amount)).sum();
    let overpaid = (-i128::from(balance) - under_way).max(0);
    let overpaid = i64::try_from(overpaid).unwrap_or(i64::MAX);
    if requested > overpaid {
        return Err(Rejection::RefundExceedsOverpayment {
            requested,
            overpaid,
        });
    }
    Ok(())
}
