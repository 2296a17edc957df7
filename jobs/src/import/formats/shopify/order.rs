//! What is read of an order of Shopify's Admin REST API. Everything else is left
//! aside.

use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

/// An order.
#[derive(Debug, Deserialize)]
pub struct Order {
    pub id: u64,
    #[serde(default)]
    pub name: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub processed_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub cancelled_at: Option<OffsetDateTime>,
    pub cancel_reason: Option<String>,
    pub currency: String,
    pub email: Option<String>,
    #[serde(default)]
    pub taxes_included: bool,
    #[serde(default)]
    pub test: bool,
    #[serde(default)]
    pub tags: String,
    pub financial_status: Option<String>,
    pub total_price: String,
    pub total_outstanding: Option<String>,
    #[serde(default)]
    pub payment_gateway_names: Vec<String>,
    pub customer: Option<Customer>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub line_items: Vec<LineItem>,
    #[serde(default)]
    pub shipping_lines: Vec<ShippingLine>,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    #[serde(default)]
    pub fulfillments: Vec<Fulfillment>,
    /// Of the order, where the file has them: they are a resource of their own.
    #[serde(default)]
    pub transactions: Vec<Transaction>,
}

impl Order {
    /// Fulfilments that were made.
    pub fn sent(&self) -> impl Iterator<Item = &Fulfillment> {
        self.fulfillments.iter().filter(|f| f.status == "success")
    }
}

#[derive(Debug, Deserialize)]
pub struct Customer {
    pub id: Option<u64>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Address {
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub zip: Option<String>,
    pub country_code: Option<String>,
    pub phone: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct LineItem {
    pub id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub sku: String,
    pub variant_id: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    pub quantity: i64,
    pub price: String,
    pub total_discount: Option<String>,
    #[serde(default)]
    pub discount_allocations: Vec<Allocation>,
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
}

#[derive(Debug, Deserialize)]
pub struct Allocation {
    pub amount: String,
}

#[derive(Debug, Deserialize)]
pub struct TaxLine {
    pub price: String,
}

#[derive(Debug, Deserialize)]
pub struct ShippingLine {
    pub code: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    pub price: String,
    #[serde(default)]
    pub discount_allocations: Vec<Allocation>,
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
}

#[derive(Debug, Deserialize)]
pub struct Refund {
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub processed_at: Option<OffsetDateTime>,
    pub note: Option<String>,
    #[serde(default, rename = "refund_line_items")]
    pub items: Vec<RefundedItem>,
    #[serde(default)]
    pub transactions: Vec<Transaction>,
}

impl Refund {
    /// When it was made.
    pub fn at(&self) -> OffsetDateTime {
        self.processed_at.unwrap_or(self.created_at)
    }

    /// Why, where somebody says so.
    pub fn reason(&self) -> Option<String> {
        self.note.clone().filter(|note| !note.trim().is_empty())
    }
}

/// Units that a refund is for.
#[derive(Debug, Deserialize)]
pub struct RefundedItem {
    pub line_item_id: Option<u64>,
    #[serde(default)]
    pub quantity: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub restock_type: String,
}

#[derive(Debug, Deserialize)]
pub struct Transaction {
    pub id: u64,
    pub parent_id: Option<u64>,
    pub kind: String,
    pub status: String,
    pub amount: String,
    pub gateway: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub processed_at: Option<OffsetDateTime>,
}

impl Transaction {
    /// Whether it is of this kind and has happened.
    pub fn is_done(&self, kind: &str) -> bool {
        self.kind == kind && self.status == "success"
    }
}

#[derive(Debug, Deserialize)]
pub struct Fulfillment {
    pub status: String,
    pub shipment_status: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub updated_at: Option<OffsetDateTime>,
    pub tracking_company: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    #[serde(default)]
    pub line_items: Vec<FulfilledItem>,
}

#[derive(Debug, Deserialize)]
pub struct FulfilledItem {
    pub id: u64,
    pub quantity: i64,
}

/// What may be null or absent.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
