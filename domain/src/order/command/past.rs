//! What already happened to an imported order.

use super::values::{LineUnits, NewTracking};
use crate::text::{Id, Words};
use contracts::order::RefundPurpose;
use time::OffsetDateTime;

/// What already happened to an imported order.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Payments, in order.
    pub payments: Vec<PastPayment>,
    /// Refunds, in order.
    pub refunds: Vec<PastRefund>,
    /// Fulfilments, in order.
    pub fulfillments: Vec<PastFulfillment>,
    /// Goods that came back, in order.
    pub returns: Vec<PastReturn>,
    /// That it was called off.
    pub cancellation: Option<PastCancellation>,
}

/// A payment that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastPayment {
    /// Authorised.
    pub amount: i64,
    /// Captured of it.
    pub captured: i64,
    /// Who moved the money.
    pub provider: Option<Id>,
    /// The provider's own id.
    pub reference: Option<Id>,
    /// When it was captured.
    pub captured_at: Option<OffsetDateTime>,
}

/// A refund that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastRefund {
    /// Payment it went back to; the only one, where there is one.
    pub payment: Option<Id>,
    /// How much.
    pub amount: i64,
    /// What for.
    pub purpose: RefundPurpose,
    /// Return that it was for, where it was for one.
    pub return_id: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
    /// When.
    pub refunded_at: Option<OffsetDateTime>,
}

/// A fulfilment that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastFulfillment {
    /// What was in it; everything that was left, where it is empty.
    pub lines: Vec<LineUnits>,
    /// Where the parcel is.
    pub tracking: NewTracking,
    /// When it was shipped; none: it is still being packed.
    pub shipped_at: Option<OffsetDateTime>,
    /// When it was delivered.
    pub delivered_at: Option<OffsetDateTime>,
}

/// Goods that came back elsewhere, all at once; nothing more is expected of them.
#[derive(Debug, Clone)]
pub struct PastReturn {
    /// What came, and whether it can be sold again.
    pub lines: Vec<(LineUnits, bool)>,
    /// Why.
    pub reason: Option<Words>,
    /// When.
    pub returned_at: Option<OffsetDateTime>,
}

/// A cancellation that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastCancellation {
    /// Why.
    pub reason: Option<Words>,
    /// When.
    pub cancelled_at: Option<OffsetDateTime>,
}
