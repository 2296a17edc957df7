//! Parts of a product as requests have them.

use contracts::{order::UnitPrice, product::Dimensions};
use domain::{
    money::{Currency, Price},
    product::{NewPrice, PriceKey},
    text::Slug,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Length, width and height in millimetres.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"length_mm": 120, "width_mm": 80, "height_mm": 60}))]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name")]
pub struct DimensionsBody {
    /// One side.
    length_mm: i64,
    /// Another side.
    width_mm: i64,
    /// The last side.
    height_mm: i64,
}

impl From<DimensionsBody> for Dimensions {
    fn from(body: DimensionsBody) -> Self {
        Self {
            length_mm: body.length_mm,
            width_mm: body.width_mm,
            height_mm: body.height_mm,
        }
    }
}

/// What one of a product costs somewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"platform": "web", "currency": "GBP", "unit_price": "2.55"}))]
pub struct PriceBody {
    /// On this platform; on every one that has none of its own in this
    /// currency, if absent.
    #[schema(value_type = Option<String>)]
    platform: Option<Slug>,
    /// ISO 4217 code.
    #[schema(value_type = String)]
    currency: Currency,
    /// Integer in minor units, or a decimal string in major units.
    #[schema(value_type = UnitPrice)]
    unit_price: Price,
}

impl From<PriceBody> for NewPrice {
    fn from(body: PriceBody) -> Self {
        Self {
            key: PriceKey {
                platform: body.platform,
                currency: body.currency,
            },
            unit_price: body.unit_price,
        }
    }
}
