//! The order document: what the read API serves, what a command answers, and
//! what the projection stores. One shape for all three.

use super::status::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A unit price exactly as given: an integer in minor units, or a decimal
/// string in MAJOR units where it has more digits than the currency
/// (`"0.125"` GBP is 12.5 pence).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(untagged)]
pub enum UnitPrice {
    /// Minor units.
    Minor(i64),
    /// Decimal, major units.
    Major(String),
}

/// Who the order is for. Personal data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The platform's own id of the customer; not personal by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A postal address as given. Everything but the country is personal data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// First line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// Second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Region, state or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, `ZZ` where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The shipping choice of an order. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Shipping {
    /// Code of the method.
    pub method: String,
    /// Its name as the customer saw it.
    pub name: String,
    /// Charge without its tax.
    pub amount: i64,
    /// Tax on the charge.
    pub tax: i64,
}

/// One line of an order. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Line {
    /// Local to the order: `l1`, `l2`, …
    pub id: String,
    /// Stock keeping unit as given.
    pub sku: String,
    /// Name as given; may be empty on an imported line.
    pub name: String,
    /// Ordered quantity; negative on credits.
    pub quantity: i64,
    /// Of `quantity`, how many were called off.
    pub cancelled_quantity: i64,
    /// Price of one.
    pub unit_price: UnitPrice,
    /// Quantity × unit price, rounded half-even once.
    pub amount: i64,
    /// Discount on the whole line.
    pub discount: i64,
    /// Tax on the whole line.
    pub tax: i64,
}

/// The sums of an order in minor units of its currency.
/// `total = items − discounts + shipping + tax` over what is not cancelled;
/// `balance_due = total − credited − captured + refunded + charged_back`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema,
)]
pub struct Totals {
    /// Σ line amounts.
    pub items: i64,
    /// Σ discounts.
    pub discounts: i64,
    /// Shipping charge without tax.
    pub shipping: i64,
    /// Σ taxes, that of shipping included.
    pub tax: i64,
    /// What the order costs.
    pub total: i64,
    /// Value of returned goods and goodwill.
    pub credited: i64,
    /// Captured from the customer.
    pub captured: i64,
    /// Refunded to the customer.
    pub refunded: i64,
    /// Taken back by the customer's bank.
    pub charged_back: i64,
    /// What is still to be paid (negative: to be given back).
    pub balance_due: i64,
}

/// That an order was called off. The reason is personal data (free text).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Cancellation {
    /// Why, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the log recorded it.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub at: OffsetDateTime,
}

/// A note on an order. Its text is personal data (free text).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Note {
    /// Local to the order: `n1`, `n2`, …
    pub id: String,
    /// What was noted.
    pub text: String,
    /// Who noted it.
    pub author: String,
    /// When the log recorded it.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub at: OffsetDateTime,
}

/// A list of the published shape that no command fills in this release:
/// always `[]`.
pub type NoneYet = [(); 0];

/// One order, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Order {
    /// Order id.
    pub id: Uuid,
    /// Number for people, unique per platform.
    pub number: String,
    /// How many events made it what it is.
    pub version: i64,
    /// Slug of the sales channel.
    pub platform: String,
    /// The platform's own id of the order.
    pub external_id: Option<String>,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// ISO 4217 code; every amount of the order is in its minor units.
    pub currency: String,
    /// Order axis.
    pub status: OrderStatus,
    /// Payment axis.
    pub payment_status: PaymentStatus,
    /// Fulfilment axis.
    pub fulfillment_status: FulfillmentStatus,
    /// Return axis.
    pub return_status: ReturnStatus,
    /// Who it is for.
    pub customer: Option<Customer>,
    /// Shipping country, else billing country, else `ZZ`.
    pub country: String,
    /// Where the bill goes.
    pub billing_address: Option<Address>,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// How it is shipped.
    pub shipping: Option<Shipping>,
    /// Sums.
    pub totals: Totals,
    /// Payments.
    #[schema(value_type = Vec<Object>)]
    pub payments: NoneYet,
    /// Fulfilments.
    #[schema(value_type = Vec<Object>)]
    pub fulfillments: NoneYet,
    /// Returns.
    #[schema(value_type = Vec<Object>)]
    pub returns: NoneYet,
    /// Holds.
    #[schema(value_type = Vec<Object>)]
    pub holds: NoneYet,
    /// Labels, sorted.
    pub tags: Vec<String>,
    /// Notes, oldest first.
    pub notes: Vec<Note>,
    /// Set once the order is cancelled.
    pub cancellation: Option<Cancellation>,
    /// When the log first recorded it.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
    /// Business time; in the past for imports. Statistics go by it.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub placed_at: OffsetDateTime,
    /// When the log last recorded a change.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub updated_at: OffsetDateTime,
}

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
    pub customer: Option<Customer>,
    pub country: String,
    /// Number of lines.
    pub line_count: usize,
    pub totals: Totals,
    pub tags: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub placed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
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
