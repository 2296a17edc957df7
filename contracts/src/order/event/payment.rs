//! Money. Amounts in minor units of the order's currency.

use crate::{
    order::parts::{Reason, RefundTerms, payloads},
    personal::Personal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

payloads! {
    /// `order.payment_authorized`.
    pub struct PaymentAuthorized {
        /// Local to the order: `p1`, `p2`, …
        pub payment_id: String,
        /// How much may be captured.
        pub amount: i64,
        /// Who moves the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub provider: Option<String>,
        /// The provider's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reference: Option<String>,
    }

    /// `order.capture_requested`: the amount is reserved until the capture
    /// succeeds or fails.
    pub struct CaptureRequested {
        /// Local to the order: `c1`, `c2`, …
        pub capture_id: String,
        /// Of which payment.
        pub payment: String,
        /// How much.
        pub amount: i64,
    }

    /// `order.payment_captured`.
    pub struct PaymentCaptured {
        /// Local to the order: `c1`, `c2`, …; that of the request, if there
        /// was one.
        pub capture_id: String,
        /// Of which payment.
        pub payment: String,
        /// How much.
        pub amount: i64,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
    }

    /// `order.capture_failed`: the amount is free again.
    pub struct CaptureFailed {
        /// Which capture.
        pub capture_id: String,
        /// Of which payment.
        pub payment: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.payment_voided`: the authorisation was given up.
    pub struct PaymentVoided {
        /// Which payment.
        pub payment: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.payment_failed`: the provider refused it.
    pub struct PaymentFailed {
        /// Which payment.
        pub payment: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.refund_requested`: the amount is reserved until the refund
    /// succeeds or fails.
    pub struct RefundRequested {
        /// Local to the order: `rf1`, `rf2`, …
        pub refund_id: String,
        /// Of what, and what for.
        #[serde(flatten)]
        pub terms: RefundTerms,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.refund_issued`.
    pub struct RefundIssued {
        /// Local to the order: `rf1`, `rf2`, …; that of the request, if there
        /// was one.
        pub refund_id: String,
        /// Of what, and what for.
        #[serde(flatten)]
        pub terms: RefundTerms,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.refund_failed`: the amount is free again.
    pub struct RefundFailed {
        /// Which refund.
        pub refund_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.credit_granted`: the order costs that much less, no money moves.
    pub struct CreditGranted {
        /// Local to the order: `cr1`, `cr2`, …
        pub credit_id: String,
        /// How much.
        pub amount: i64,
        /// The return it is for.
        #[serde(rename = "return", default, skip_serializing_if = "Option::is_none")]
        pub return_id: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.chargeback_recorded`: the customer's bank took money back.
    pub struct ChargebackRecorded {
        /// Local to the order: `cb1`, `cb2`, …
        pub chargeback_id: String,
        /// Of which payment.
        pub payment: String,
        /// How much.
        pub amount: i64,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }
}
