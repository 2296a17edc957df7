//! Events: what happened to an order.

use crate::money::{Currency, Price};
use contracts::order::{Address, Customer, Kind};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

// The variants and their fields are the storage format of the log: never
// rename or remove one. A change is a new version with an upcaster.
/// Any event of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// The order became binding.
    OrderPlaced(Box<Placement>),
    /// An order placed elsewhere was recorded.
    OrderImported(Box<Placement>),
    /// All of it was called off.
    OrderCancelled {
        /// Why; personal (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Something was written down.
    NoteAdded {
        /// Local to the order: `n1`, `n2`, …
        id: String,
        /// What; personal (free text).
        text: String,
    },
}

/// An order at the moment it was placed: a snapshot that refers to nothing
/// that may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Order id.
    pub order_id: Uuid,
    /// Number for people.
    pub number: String,
    /// Sales channel.
    pub platform: String,
    /// The channel's own id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Who it is for; personal but for the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Shipping country, else billing country, else `ZZ`.
    pub country: String,
    /// Where the bill goes; personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Where the goods go; personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// How it is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// Labels, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Business time.
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
}

/// An ordered line. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Local to the order: `l1`, `l2`, …
    pub id: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Name.
    pub name: String,
    /// How many; negative on credits.
    pub quantity: i64,
    /// Price of one.
    pub price: Price,
    /// Quantity × price, rounded. Stored, so that a mended rounding rule never
    /// changes what was charged.
    pub amount: i64,
    /// Discount on the whole line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discount: i64,
    /// Tax on the whole line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tax: i64,
}

/// A shipping choice. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipping {
    /// Code of the method.
    pub method: String,
    /// Its name.
    pub name: String,
    /// Charge without tax.
    pub amount: i64,
    /// Tax on the charge.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tax: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        match self {
            Self::OrderPlaced(_) => "OrderPlaced",
            Self::OrderImported(_) => "OrderImported",
            Self::OrderCancelled { .. } => "OrderCancelled",
            Self::NoteAdded { .. } => "NoteAdded",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
