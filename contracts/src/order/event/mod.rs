//! Order events, version 1: the data of each record on `orders.events.v1`.
//!
//! Data = the event's own fields, `after`, and `personal` where it holds
//! personal data. The type is in the envelope (`ce_type`), not in the data.

mod after;
mod edit;
mod fulfillment;
mod lifecycle;
mod payment;
mod returns;

pub use edit::{
    AddressChanged, CustomerAssigned, CustomerLinked, DiscountApplied, DiscountRemoved, LineAdded,
    LineQuantityChanged, LineRemoved, ShippingChanged,
};
pub use fulfillment::{
    FulfillmentCancelled, FulfillmentCreated, FulfillmentDelivered, FulfillmentShipped,
    TrackingUpdated,
};
pub use lifecycle::{
    CancelledLine, DraftCreated, DraftUpdated, HoldPlaced, HoldReleased, InvoiceIssued,
    LinesCancelled, NoteAdded, OrderArchived, OrderCancelled, OrderConfirmed, OrderImported,
    OrderPlaced, OrderUnarchived, PersonalDataErased, Snapshot, Tagged, Untagged,
};
pub use payment::{
    CaptureFailed, CaptureRequested, ChargebackRecorded, CreditGranted, PaymentAuthorized,
    PaymentCaptured, PaymentFailed, PaymentVoided, RefundFailed, RefundIssued, RefundRequested,
};
pub use returns::{
    ReceivedLine, ReturnApproved, ReturnCancelled, ReturnClosed, ReturnDeclined, ReturnExchanged,
    ReturnReceived, ReturnRequested,
};

use super::{
    document::Totals,
    status::{FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus},
};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// The order as the event left it: what nobody downstream derives again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct After {
    /// Version of the order after the event.
    pub version: i64,
    /// Order axis.
    pub status: OrderStatus,
    /// Payment axis.
    pub payment_status: PaymentStatus,
    /// Fulfilment axis.
    pub fulfillment_status: FulfillmentStatus,
    /// Return axis.
    pub return_status: ReturnStatus,
    /// Sums.
    pub totals: Totals,
}

/// The one list of all order events: calls `$callback!` with each payload's
/// name and its `ce_type`.
#[macro_export]
macro_rules! order_events {
    ($callback:ident) => {
        $callback! {
            DraftCreated = "order.draft_created",
            DraftUpdated = "order.draft_updated",
            OrderPlaced = "order.placed",
            OrderImported = "order.imported",
            OrderConfirmed = "order.confirmed",
            LineAdded = "order.line_added",
            LineQuantityChanged = "order.line_quantity_changed",
            LineRemoved = "order.line_removed",
            ShippingChanged = "order.shipping_changed",
            DiscountApplied = "order.discount_applied",
            DiscountRemoved = "order.discount_removed",
            AddressChanged = "order.address_changed",
            CustomerAssigned = "order.customer_assigned",
            CustomerLinked = "order.customer_linked",
            HoldPlaced = "order.hold_placed",
            HoldReleased = "order.hold_released",
            PaymentAuthorized = "order.payment_authorized",
            CaptureRequested = "order.capture_requested",
            PaymentCaptured = "order.payment_captured",
            CaptureFailed = "order.capture_failed",
            PaymentVoided = "order.payment_voided",
            PaymentFailed = "order.payment_failed",
            RefundRequested = "order.refund_requested",
            RefundIssued = "order.refund_issued",
            RefundFailed = "order.refund_failed",
            CreditGranted = "order.credit_granted",
            ChargebackRecorded = "order.chargeback_recorded",
            FulfillmentCreated = "order.fulfillment_created",
            FulfillmentShipped = "order.fulfillment_shipped",
            TrackingUpdated = "order.tracking_updated",
            FulfillmentDelivered = "order.fulfillment_delivered",
            FulfillmentCancelled = "order.fulfillment_cancelled",
            LinesCancelled = "order.lines_cancelled",
            OrderCancelled = "order.cancelled",
            ReturnRequested = "order.return_requested",
            ReturnApproved = "order.return_approved",
            ReturnDeclined = "order.return_declined",
            ReturnReceived = "order.return_received",
            ReturnExchanged = "order.return_exchanged",
            ReturnClosed = "order.return_closed",
            ReturnCancelled = "order.return_cancelled",
            NoteAdded = "order.note_added",
            Tagged = "order.tagged",
            Untagged = "order.untagged",
            OrderArchived = "order.archived",
            OrderUnarchived = "order.unarchived",
            InvoiceIssued = "order.invoice_issued",
            PersonalDataErased = "order.personal_data_erased",
        }
    };
}

/// An order event of version 1: what happened, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEvent {
    /// What happened.
    pub fact: Fact,
    /// State of the order after it.
    pub after: After,
}

/// The data of a record: the fact's fields and `after`, side by side.
#[derive(Serialize, JsonSchema)]
struct Data<T> {
    #[serde(flatten)]
    fact: T,
    after: After,
}

#[derive(Serialize)]
struct DataRef<'a, T> {
    #[serde(flatten)]
    fact: &'a T,
    after: &'a After,
}

/// Data that is not an event of this contract.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    /// The type is not one of this version.
    #[error("unknown event type {0:?}")]
    Type(String),
    /// The data does not have the type's shape.
    #[error("data of {event_type} is malformed")]
    Data {
        /// `ce_type` of the record.
        event_type: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
}

macro_rules! facts {
    ($($name:ident = $type:literal),+ $(,)?) => {
        /// What happened to an order.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each variant is the payload it names")]
        pub enum Fact {
            $($name(Box<$name>)),+
        }

        impl Fact {
            /// `ce_type`, webhook `type` and filter value of the event.
            pub const fn event_type(&self) -> &'static str {
                match self { $(Self::$name(_) => $type),+ }
            }
        }

        $(impl From<$name> for Fact {
            fn from(fact: $name) -> Self {
                Self::$name(Box::new(fact))
            }
        })+

        impl OrderEvent {
            /// Every `ce_type` of this version.
            pub const TYPES: &[&str] = &[$($type),+];

            /// The `ce_type` of the event with this name.
            pub fn type_of(name: &str) -> Option<&'static str> {
                match name {
                    $(stringify!($name) => Some($type),)+
                    _ => None,
                }
            }

            /// The record's value.
            ///
            /// # Errors
            /// None in practice: every field has a JSON form.
            pub fn to_data(&self) -> Result<Vec<u8>, serde_json::Error> {
                let after = &self.after;
                match &self.fact {
                    $(Fact::$name(fact) => {
                        let fact = fact.as_ref();
                        serde_json::to_vec(&DataRef { fact, after })
                    }),+
                }
            }

            /// Reads a record's value as the type that its envelope names.
            pub fn from_data(event_type: &str, data: &[u8]) -> Result<Self, UnknownEvent> {
                let malformed = |source| UnknownEvent::Data {
                    event_type: event_type.to_owned(),
                    source,
                };
                let fact = match event_type {
                    $($type => {
                        let fact: $name = serde_json::from_slice(data).map_err(malformed)?;
                        Fact::from(fact)
                    })+
                    other => return Err(UnknownEvent::Type(other.to_owned())),
                };
                let after = after::read(data).map_err(malformed)?;
                Ok(Self { fact, after })
            }
        }

        /// (`ce_type`, schema) of the data of each event type.
        pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
            vec![$(($type, described(schema_for!(Data<$name>), &schema_for!($name)))),+]
        }
    };
}
order_events!(facts);

/// The schema of the data, described as the payload is.
fn described(mut data: Schema, payload: &Schema) -> Schema {
    if let Some(description) = payload.get("description") {
        data.insert("description".to_owned(), description.clone());
    }
    data
}

impl OrderEvent {
    /// `ce_type`, webhook `type` and filter value of the event.
    pub const fn event_type(&self) -> &'static str {
        self.fact.event_type()
    }

    /// State of the order after the event.
    pub const fn after(&self) -> &After {
        &self.after
    }
}

/// One entry of an order's history as the read API tells it: who, what, when,
/// why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct TimelineEntry {
    /// Event id.
    pub id: Uuid,
    /// Event type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Version of the order after the event.
    pub version: i64,
    /// When the log recorded it.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: OffsetDateTime,
    /// Who.
    pub actor: String,
    /// Why, where a person gave a reason. Personal data (free text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Ties together what one request led to.
    pub correlation_id: Option<String>,
    /// What led to it.
    pub causation_id: Option<String>,
    /// Trace context of the command.
    pub traceparent: Option<String>,
    /// The event's data.
    pub data: serde_json::Value,
}
