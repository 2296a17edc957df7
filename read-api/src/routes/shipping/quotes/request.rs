//! What a quote is asked for.

use contracts::order::UnitPrice;
use domain::{
    country::Country,
    money::{Currency, Price},
    shipping::Destination,
    text::{Id, Slug, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A basket, and where it is to go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "platform": "web", "currency": "GBP",
    "lines": [{"sku": "85123A", "quantity": 6}, {"sku": "22423", "quantity": 1, "unit_price": "12.75", "discount": 100}],
    "destination": {"country": "GB", "postal_code": "SW1Y 4JH"}
}))]
pub struct QuoteRequest {
    /// Slug of the platform.
    #[schema(value_type = String, example = "web")]
    pub platform: Slug,
    /// ISO 4217 code.
    #[schema(value_type = String, example = "GBP")]
    pub currency: Currency,
    /// The lines, as they are to be on the order.
    #[schema(min_items = 1, max_items = 5_000)]
    pub lines: Vec<QuoteLine>,
    /// Where the goods go.
    pub destination: QuoteDestination,
}

/// A line of a basket. Amounts in minor units of the basket's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteLine {
    /// Stock keeping unit, 1–255 characters.
    #[schema(value_type = String, example = "85123A")]
    pub sku: Id,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: i64,
    /// Integer in minor units, or a decimal string in major units; that of the
    /// catalogue if absent.
    #[schema(value_type = Option<UnitPrice>)]
    pub unit_price: Option<Price>,
    /// Discount on the whole line.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub discount: i64,
}

/// A place, as an address names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteDestination {
    /// ISO 3166-1 alpha-2.
    #[schema(value_type = String, example = "GB")]
    country: Country,
    /// Region, state or province; counts if it is an ISO 3166-2 code, with or
    /// without its country.
    #[schema(value_type = Option<String>, example = "GB-LND")]
    region: Option<Text>,
    /// Postal code.
    #[schema(value_type = Option<String>, example = "SW1Y 4JH")]
    postal_code: Option<Text>,
}

impl QuoteDestination {
    /// As places are compared.
    pub fn place(&self) -> Destination {
        let (region, postal_code) = (self.region.as_deref(), self.postal_code.as_deref());
        Destination::new(self.country.clone(), region, postal_code)
    }
}
