//! What already happened to an imported order. Amounts in minor units.

use crate::{
    request::{LineUnitsBody, Time},
    routes::orders::returns::receive::ReceivedLineBody,
};
use contracts::order::RefundPurpose;
use domain::{
    order::command::{
        NewShipping, NewTracking, PastCancellation, PastFulfillment, PastPayment, PastRefund,
        PastReturn,
    },
    text::{Id, Text, Words},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// How it was shipped. Amounts in minor units of the order's currency. What was
/// charged elsewhere was quoted elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"method": "standard", "name": "Standard delivery", "amount": 399}))]
pub struct PastShippingBody {
    /// Code of the method.
    #[schema(value_type = String)]
    method: Id,
    /// Its name.
    #[schema(value_type = String)]
    name: Text,
    /// Charge; without its tax, unless the platform's prices include tax.
    amount: i64,
    /// Tax on the charge.
    #[serde(default)]
    tax: i64,
}

impl From<PastShippingBody> for NewShipping {
    fn from(body: PastShippingBody) -> Self {
        Self {
            method: body.method,
            name: body.name,
            amount: body.amount,
            tax: body.tax,
            quote: None,
        }
    }
}

/// A payment that was made elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 1530, "provider": "paypal", "captured_at": "2010-12-01T08:26:00Z"}))]
pub struct PastPaymentBody {
    /// Authorised.
    amount: i64,
    /// Captured of it; all, if absent.
    captured: Option<i64>,
    /// Who moved the money.
    #[schema(value_type = Option<String>)]
    provider: Option<Id>,
    /// The provider's own id of the payment.
    #[schema(value_type = Option<String>)]
    reference: Option<Id>,
    /// When it was captured.
    #[schema(value_type = Option<String>, format = DateTime)]
    captured_at: Option<Time>,
}

impl From<PastPaymentBody> for PastPayment {
    fn from(body: PastPaymentBody) -> Self {
        Self {
            amount: body.amount,
            captured: body.captured.unwrap_or(body.amount),
            provider: body.provider,
            reference: body.reference,
            captured_at: body.captured_at.map(Into::into),
        }
    }
}

/// A refund that was made elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payment": "p1", "amount": 255, "reason": "broken"}))]
pub struct PastRefundBody {
    /// Payment that the money went back to; the first, if absent.
    #[schema(value_type = Option<String>)]
    payment: Option<Id>,
    /// How much.
    amount: i64,
    /// What it was for: `return` where it names one, else `goodwill`, if absent.
    purpose: Option<RefundPurpose>,
    /// Return that it was for: the first one of `returns` is `r1`.
    #[schema(value_type = Option<String>)]
    return_id: Option<Id>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    refunded_at: Option<Time>,
}

impl From<PastRefundBody> for PastRefund {
    fn from(body: PastRefundBody) -> Self {
        let purpose = if body.return_id.is_some() {
            RefundPurpose::Return
        } else {
            RefundPurpose::Goodwill
        };
        Self {
            payment: body.payment.or_else(|| Id::try_from("p1").ok()),
            amount: body.amount,
            purpose: body.purpose.unwrap_or(purpose),
            return_id: body.return_id,
            reason: body.reason,
            refunded_at: body.refunded_at.map(Into::into),
        }
    }
}

/// A fulfilment that was made elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line": "l1", "quantity": 6}], "carrier": "royal-mail", "shipped_at": "2010-12-02T10:00:00Z", "delivered_at": "2010-12-04T09:00:00Z"}))]
pub struct PastFulfillmentBody {
    /// What was in it; everything that was left, if absent.
    lines: Option<Vec<LineUnitsBody>>,
    /// Who carried it.
    #[schema(value_type = Option<String>)]
    carrier: Option<Id>,
    /// The carrier's number.
    #[schema(value_type = Option<String>)]
    tracking_number: Option<Id>,
    /// Where to look it up.
    #[schema(value_type = Option<String>)]
    tracking_url: Option<Id>,
    /// When it was shipped; if absent, it is still being packed.
    #[schema(value_type = Option<String>, format = DateTime)]
    shipped_at: Option<Time>,
    /// When it was delivered; then it was shipped at the latest.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Time>,
}

impl From<PastFulfillmentBody> for PastFulfillment {
    fn from(body: PastFulfillmentBody) -> Self {
        Self {
            lines: LineUnitsBody::units(body.lines.unwrap_or_default()),
            tracking: NewTracking {
                carrier: body.carrier,
                tracking_number: body.tracking_number,
                tracking_url: body.tracking_url,
            },
            shipped_at: body.shipped_at.map(Into::into),
            delivered_at: body.delivered_at.map(Into::into),
        }
    }
}

/// Goods that came back elsewhere, all at once: a return that is closed here.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line": "l1", "quantity": 1, "resellable": true}], "returned_at": "2010-12-09T10:00:00Z"}))]
pub struct PastReturnBody {
    /// Units of lines, each line once; at most what was shipped.
    lines: Vec<ReceivedLineBody>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    returned_at: Option<Time>,
}

impl From<PastReturnBody> for PastReturn {
    fn from(body: PastReturnBody) -> Self {
        let lines = body.lines.into_iter().map(ReceivedLineBody::split);
        Self {
            lines: lines.collect(),
            reason: body.reason,
            returned_at: body.returned_at.map(Into::into),
        }
    }
}

/// That an order was called off elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "ordered twice", "cancelled_at": "2010-12-01T09:00:00Z"}))]
pub struct CancellationBody {
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Time>,
}

impl From<CancellationBody> for PastCancellation {
    fn from(body: CancellationBody) -> Self {
        Self {
            reason: body.reason,
            cancelled_at: body.cancelled_at.map(Into::into),
        }
    }
}
