//! A product of the catalogue.

use crate::order::UnitPrice;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A product of the catalogue. An order line copies what it needs; what is
/// changed here acts on orders that come after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Product {
    /// Stock keeping unit, its natural key: it never changes.
    pub sku: String,
    /// What it is called on lines and documents.
    pub title: String,
    /// Weight of one, with its wrapping, in grams; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<i64>,
    /// Size of one, with its wrapping; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// How it is taxed, in the shop's own words, e.g. `reduced`; none: as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<String>,
    /// Whether it goes into a parcel.
    pub requires_shipping: bool,
    /// Its prices: those of all platforms first, then by platform, each by
    /// currency; at most one of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<ListPrice>,
    /// Whether it is out of the catalogue: it has no price any more.
    pub archived: bool,
}

/// Length, width and height in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Dimensions {
    /// One side.
    pub length_mm: i64,
    /// Another side.
    pub width_mm: i64,
    /// The last side.
    pub height_mm: i64,
}

/// What one of a product costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ListPrice {
    /// Slug of the platform that it is for; none: every one that has no price
    /// of its own in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// Price of one, with or without tax as the platform's prices are.
    pub unit_price: UnitPrice,
}
