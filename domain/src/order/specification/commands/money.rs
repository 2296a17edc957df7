//! Money.

use super::{id, why};
use crate::order::{OrderCommand, command::*};
use contracts::order::RefundPurpose;

pub const fn sum(amount: i64) -> Sum {
    let currency = None;
    Sum { amount, currency }
}

pub fn authorize(amount: i64) -> OrderCommand {
    AuthorizePayment {
        sum: sum(amount),
        provider: Some(id("bank")),
        reference: None,
    }
    .into()
}

pub fn taking(payment: &str, amount: Option<i64>, pending: bool) -> OrderCommand {
    CapturePayment {
        payment: id(payment),
        amount,
        currency: None,
        pending,
        occurred_at: None,
    }
    .into()
}

pub fn capture(payment: &str, amount: i64) -> OrderCommand {
    taking(payment, Some(amount), false)
}

pub fn request_capture(payment: &str, amount: i64) -> OrderCommand {
    taking(payment, Some(amount), true)
}

pub fn settle_capture(capture: &str, outcome: Settled) -> OrderCommand {
    SettleCapture {
        capture: id(capture),
        outcome,
        reason: None,
    }
    .into()
}

pub fn void(payment: &str) -> OrderCommand {
    let payment = id(payment);
    VoidPayment {
        payment,
        reason: None,
    }
    .into()
}

pub fn fail(payment: &str) -> OrderCommand {
    let payment = id(payment);
    FailPayment {
        payment,
        reason: None,
    }
    .into()
}

pub fn giving_back(payment: &str, amount: i64) -> RefundPayment {
    RefundPayment {
        payment: id(payment),
        sum: sum(amount),
        purpose: None,
        return_id: None,
        pending: false,
        reason: Some(why()),
        occurred_at: None,
    }
}

/// Out of goodwill.
pub fn refund(payment: &str, amount: i64) -> OrderCommand {
    giving_back(payment, amount).into()
}

pub fn refund_for(payment: &str, amount: i64, purpose: RefundPurpose) -> OrderCommand {
    RefundPayment {
        purpose: Some(purpose),
        ..giving_back(payment, amount)
    }
    .into()
}

pub fn refund_return(payment: &str, amount: i64, return_id: &str) -> OrderCommand {
    RefundPayment {
        return_id: Some(id(return_id)),
        ..giving_back(payment, amount)
    }
    .into()
}

pub fn request_refund(payment: &str, amount: i64) -> OrderCommand {
    RefundPayment {
        pending: true,
        ..giving_back(payment, amount)
    }
    .into()
}

pub fn settle_refund(refund: &str, outcome: Settled) -> OrderCommand {
    SettleRefund {
        refund: id(refund),
        outcome,
        reason: None,
    }
    .into()
}

pub fn credit(amount: i64, return_id: Option<&str>) -> OrderCommand {
    GrantCredit {
        sum: sum(amount),
        return_id: return_id.map(id),
        reason: None,
    }
    .into()
}

pub fn charge_back(payment: &str, amount: i64) -> OrderCommand {
    RecordChargeback {
        payment: id(payment),
        sum: sum(amount),
        reason: None,
    }
    .into()
}
