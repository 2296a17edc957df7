//! An order as lists show it.

use super::{
    document::{Order, Totals},
    parts::Customer,
    status::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order as lists show it: the document without its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[expect(missing_docs, reason = "each field is that of `Order`")]
pub struct OrderSummary {
    pub id: Uuid,
    pub number: String,
    pub version: i64,
    pub platform: String,
    pub external_id: Option<String>,
    pub kind: Kind,
    pub currency: String,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub return_status: ReturnStatus,
    pub confirmed: bool,
    pub archived: bool,
    /// Number of holds that are on.
    pub hold_count: usize,
    pub customer: Option<Customer>,
    pub country: String,
    /// Number of lines.
    pub line_count: usize,
    pub totals: Totals,
    pub tags: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub placed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: OffsetDateTime,
}

impl From<&Order> for OrderSummary {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id,
            number: order.number.clone(),
            version: order.version,
            platform: order.platform.clone(),
            external_id: order.external_id.clone(),
            kind: order.kind,
            currency: order.currency.clone(),
            status: order.status,
            payment_status: order.payment_status,
            fulfillment_status: order.fulfillment_status,
            return_status: order.return_status,
            confirmed: order.confirmed,
            archived: order.archived,
            hold_count: order.holds.len(),
            customer: order.customer.clone(),
            country: order.country.clone(),
            line_count: order.lines.len(),
            totals: order.totals,
            tags: order.tags.clone(),
            created_at: order.created_at,
            placed_at: order.placed_at,
            updated_at: order.updated_at,
        }
    }
}
