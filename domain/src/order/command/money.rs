//! Money.

use super::values::Sum;
use crate::money::Currency;
use crate::text::{Id, Words};
use contracts::order::RefundPurpose;
use time::OffsetDateTime;

/// Record an authorisation.
#[derive(Debug, Clone)]
pub struct AuthorizePayment {
    /// How much may be captured.
    pub sum: Sum,
    /// Who moves the money.
    pub provider: Option<Id>,
    /// The provider's own id.
    pub reference: Option<Id>,
}

/// Record, or ask for, a capture.
#[derive(Debug, Clone)]
pub struct CapturePayment {
    /// Which payment.
    pub payment: Id,
    /// How much; all that is left, if absent.
    pub amount: Option<i64>,
    /// The caller's currency, if it says so.
    pub currency: Option<Currency>,
    /// Only reserve the amount: somebody is acting on it.
    pub pending: bool,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Tell how a pending capture or refund ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The money moved.
    Succeeded,
    /// It did not.
    Failed,
}

/// Tell how a pending capture ended.
#[derive(Debug, Clone)]
pub struct SettleCapture {
    /// Which capture.
    pub capture: Id,
    /// How.
    pub outcome: Settled,
    /// Why, where it failed.
    pub reason: Option<Words>,
}

/// Give up an authorisation.
#[derive(Debug, Clone)]
pub struct VoidPayment {
    /// Which payment.
    pub payment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record that the provider refused a payment.
#[derive(Debug, Clone)]
pub struct FailPayment {
    /// Which payment.
    pub payment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record, or ask for, a refund.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    /// Which payment the money goes back to.
    pub payment: Id,
    /// How much.
    pub sum: Sum,
    /// What for; return with a return, else goodwill.
    pub purpose: Option<RefundPurpose>,
    /// The return it is for.
    pub return_id: Option<Id>,
    /// Only reserve the amount: somebody is acting on it.
    pub pending: bool,
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Tell how a pending refund ended.
#[derive(Debug, Clone)]
pub struct SettleRefund {
    /// Which refund.
    pub refund: Id,
    /// How.
    pub outcome: Settled,
    /// Why, where it failed.
    pub reason: Option<Words>,
}

/// Let an order cost less; no money moves.
#[derive(Debug, Clone)]
pub struct GrantCredit {
    /// How much less.
    pub sum: Sum,
    /// The return it is for.
    pub return_id: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Record that the customer's bank took money back.
#[derive(Debug, Clone)]
pub struct RecordChargeback {
    /// Of which payment.
    pub payment: Id,
    /// How much.
    pub sum: Sum,
    /// Why.
    pub reason: Option<Words>,
}
