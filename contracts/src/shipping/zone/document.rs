//! Where something is shipped to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Places that are shipped to in the same ways. What it names is a union; each
/// list is sorted and has everything once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ShippingZone {
    /// The shop's own id of the zone.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whole countries: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Parts of countries: ISO 3166-2, such as `US-CA`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Postal codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal_codes: Vec<PostalCodes>,
    /// Whether it is for every place that no other zone names.
    pub rest_of_world: bool,
    /// Whether it is out of use: no place is in it.
    pub archived: bool,
}

/// Postal codes of one country, as upper-case letters and digits without
/// separators (`K1A`, `00950`); those built like British ones with the space
/// between their halves (`SW1A 1`).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(untagged)]
pub enum PostalCodes {
    /// All that begin alike.
    Beginning {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// How they begin; a whole code is its own beginning.
        prefix: String,
    },
    /// All whose beginning lies between two others, both included.
    Range {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// The first beginning, such as `01000`.
        from: String,
        /// The last one: of the same length, with letters and digits in the
        /// same places.
        to: String,
    },
}
