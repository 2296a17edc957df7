//! What a cancellation leaves to be done with money.

use crate::order::state::{Money, Order};
use contracts::order::{PaymentAmount, Settlement};

fn amount(payment: &Money, amount: i64) -> PaymentAmount {
    PaymentAmount {
        payment: payment.id.clone(),
        amount,
    }
}

/// Of an order that is called off as a whole: every authorisation of which
/// nothing is captured, and everything that can be refunded.
pub fn of_all(order: &Order) -> Settlement {
    let untouched = |p: &&Money| p.ended.is_none() && p.captured == 0 && p.capturing == 0;
    let to_void = order.payments.iter().filter(untouched);
    let to_refund = order.payments.iter().filter(|p| p.refundable() > 0);
    Settlement {
        to_void: to_void.map(|p| amount(p, p.authorized)).collect(),
        to_refund: to_refund.map(|p| amount(p, p.refundable())).collect(),
    }
}

/// Of an order that costs less than was captured, by `overpaid`: from the
/// newest payment back.
pub fn of_overpayment(order: &Order, mut overpaid: i64) -> Settlement {
    let mut to_refund = Vec::new();
    for payment in order.payments.iter().rev() {
        let part = payment.refundable().min(overpaid);
        if part > 0 {
            overpaid -= part;
            to_refund.push(amount(payment, part));
        }
    }
    Settlement {
        to_void: Vec::new(),
        to_refund,
    }
}
