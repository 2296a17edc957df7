//! Order events, version 1: the data of each record on `orders.events.v1`.
//!
//! Data = the event's own fields, `after`, and `personal`. The type is in the
//! envelope (`ce_type`), not in the data.

use super::document::{Address, Customer, Line, Shipping, Totals};
use super::status::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// The order as the event left it: what nobody downstream derives again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
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

/// What an order consists of at the moment it is placed or imported. All of
/// it is a snapshot: nothing refers to data that may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Placement {
    /// Order id.
    pub order_id: Uuid,
    /// Number for people, unique per platform.
    pub number: String,
    /// Slug of the sales channel.
    pub platform: String,
    /// The platform's own id of the order.
    pub external_id: Option<String>,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// ISO 4217 code.
    pub currency: String,
    /// The platform's own id of the customer.
    pub customer_id: Option<String>,
    /// Shipping country, else billing country, else `ZZ`.
    pub country: String,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// How it is shipped.
    pub shipping: Option<Shipping>,
    /// Labels, sorted, each once.
    pub tags: Vec<String>,
    /// Business time.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub placed_at: OffsetDateTime,
}

/// The personal part of a placement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct PlacementPersonal {
    /// Who the order is for.
    pub customer: Option<Customer>,
    /// Where the bill goes.
    pub billing_address: Option<Address>,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
}

/// `order.placed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct OrderPlaced {
    /// The order.
    pub order: Placement,
    /// Personal data.
    pub personal: PlacementPersonal,
    /// State after the event.
    pub after: After,
}

/// `order.imported`: a fact from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct OrderImported {
    /// The order.
    pub order: Placement,
    /// Personal data.
    pub personal: PlacementPersonal,
    /// State after the event.
    pub after: After,
}

/// `order.cancelled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct OrderCancelled {
    /// Personal data.
    pub personal: CancelledPersonal,
    /// State after the event.
    pub after: After,
}

/// The free text of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct CancelledPersonal {
    /// Why.
    pub reason: Option<String>,
}

/// `order.note_added`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct NoteAdded {
    /// Local to the order: `n1`, `n2`, …
    pub note_id: String,
    /// Personal data.
    pub personal: NotePersonal,
    /// State after the event.
    pub after: After,
}

/// The free text of a note.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct NotePersonal {
    /// What was noted.
    pub text: String,
}

/// Any order event of version 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the payload it names")]
pub enum OrderEvent {
    Placed(OrderPlaced),
    Imported(OrderImported),
    Cancelled(OrderCancelled),
    NoteAdded(NoteAdded),
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

impl OrderEvent {
    /// Every `ce_type` of this version.
    pub const TYPES: &[&str] = &[
        "order.placed",
        "order.imported",
        "order.cancelled",
        "order.note_added",
    ];

    /// `ce_type`, webhook `type` and filter value of the event.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Placed(_) => "order.placed",
            Self::Imported(_) => "order.imported",
            Self::Cancelled(_) => "order.cancelled",
            Self::NoteAdded(_) => "order.note_added",
        }
    }

    /// State of the order after the event.
    pub const fn after(&self) -> &After {
        match self {
            Self::Placed(OrderPlaced { after, .. })
            | Self::Imported(OrderImported { after, .. })
            | Self::Cancelled(OrderCancelled { after, .. })
            | Self::NoteAdded(NoteAdded { after, .. }) => after,
        }
    }

    /// The record's value.
    ///
    /// # Errors
    /// None in practice: every field has a JSON form.
    pub fn to_data(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Placed(data) => serde_json::to_vec(data),
            Self::Imported(data) => serde_json::to_vec(data),
            Self::Cancelled(data) => serde_json::to_vec(data),
            Self::NoteAdded(data) => serde_json::to_vec(data),
        }
    }

    /// Reads a record's value as the type that its envelope names.
    pub fn from_data(event_type: &str, data: &[u8]) -> Result<Self, UnknownEvent> {
        fn read<T: serde::de::DeserializeOwned>(
            event_type: &str,
            data: &[u8],
        ) -> Result<T, UnknownEvent> {
            serde_json::from_slice(data).map_err(|source| UnknownEvent::Data {
                event_type: event_type.to_owned(),
                source,
            })
        }
        match event_type {
            "order.placed" => read(event_type, data).map(Self::Placed),
            "order.imported" => read(event_type, data).map(Self::Imported),
            "order.cancelled" => read(event_type, data).map(Self::Cancelled),
            "order.note_added" => read(event_type, data).map(Self::NoteAdded),
            other => Err(UnknownEvent::Type(other.to_owned())),
        }
    }
}

/// One entry of an order's history as the read API tells it: who, what, when.
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
    #[schemars(with = "String")]
    pub time: OffsetDateTime,
    /// Who.
    pub actor: String,
    /// Ties together what one request led to.
    pub correlation_id: Option<String>,
    /// What led to it.
    pub causation_id: Option<String>,
    /// Trace context of the command.
    pub traceparent: Option<String>,
    /// The event's data.
    pub data: serde_json::Value,
}
