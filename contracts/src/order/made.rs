//! Ids that commands make.

use super::event::Fact;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The ids that a command made; at most one of each kind, the last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each field names what it is the id of")]
pub struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chargeback_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfillment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_id: Option<String>,
}

impl Made {
    /// Takes note of what was made.
    pub fn note(&mut self, fact: &Fact) {
        let (slot, id) = match fact {
            Fact::LineAdded(e) => (&mut self.line_id, &e.line.id),
            Fact::DiscountApplied(e) => (&mut self.discount_id, &e.discount_id),
            Fact::HoldPlaced(e) => (&mut self.hold_id, &e.hold_id),
            Fact::PaymentAuthorized(e) => (&mut self.payment_id, &e.payment_id),
            Fact::CaptureRequested(e) => (&mut self.capture_id, &e.capture_id),
            Fact::PaymentCaptured(e) => (&mut self.capture_id, &e.capture_id),
            Fact::RefundRequested(e) => (&mut self.refund_id, &e.refund_id),
            Fact::RefundIssued(e) => (&mut self.refund_id, &e.refund_id),
            Fact::CreditGranted(e) => (&mut self.credit_id, &e.credit_id),
            Fact::ChargebackRecorded(e) => (&mut self.chargeback_id, &e.chargeback_id),
            Fact::FulfillmentCreated(e) => (&mut self.fulfillment_id, &e.fulfillment_id),
            Fact::ReturnRequested(e) => (&mut self.return_id, &e.return_id),
            Fact::NoteAdded(e) => (&mut self.note_id, &e.note_id),
            _ => return,
        };
        *slot = Some(id.clone());
    }
}
