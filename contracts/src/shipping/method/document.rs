//! How something is shipped, and what that costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A way of shipping. All that it asks for has to hold at once. Amounts are in
/// minor units of a rate's currency, with or without tax as the platform's
/// prices are. Lists of ids are sorted and have each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ShippingMethod {
    /// The shop's own id of the method, and its code on orders.
    pub id: String,
    /// Name, as customers see it.
    pub name: String,
    /// Zones that it ships to.
    pub zones: Vec<String>,
    /// Platforms that offer it; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// Smallest weight of a basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_weight_grams: Option<i64>,
    /// Largest weight of a basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_weight_grams: Option<i64>,
    /// Largest weight of a parcel; a heavier basket goes in several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parcel_weight_grams: Option<i64>,
    /// What it does not carry, by stock keeping unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_skus: Vec<String>,
    /// Days until delivery, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_days: Option<i64>,
    /// Days until delivery, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_days: Option<i64>,
    /// Tax on the charge as a percentage, such as `"19"`; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<String>,
    /// What it costs: one rate per currency, sorted by it.
    pub rates: Vec<ShippingRate>,
    /// Whether it is out of use: nobody is offered it.
    pub archived: bool,
}

/// What a method costs in one currency. Amounts in its minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ShippingRate {
    /// ISO 4217.
    pub currency: String,
    /// Smallest subtotal of a basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_subtotal: Option<i64>,
    /// Largest subtotal of a basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_subtotal: Option<i64>,
    /// Subtotal from which on it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_above: Option<i64>,
    /// How the charge is computed.
    pub charge: ShippingCharge,
}

/// How a charge is computed. Amounts in minor units of the rate's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ShippingCharge {
    /// The same for every parcel.
    Flat {
        /// For a parcel.
        amount: i64,
    },
    /// The same for every unit in the basket.
    PerItem {
        /// For a unit.
        amount: i64,
    },
    /// One amount for the first unit in the basket, another one for each more.
    FirstAdditional {
        /// For the first unit.
        first: i64,
        /// For each further one.
        additional: i64,
    },
    /// A share of the basket's subtotal, rounded half to even.
    Percent {
        /// The percentage, such as `"7.5"`.
        percent: String,
        /// At least so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// For every parcel the amount of the tier that its weight falls into.
    WeightTiers {
        /// Ascending; `up_to` in grams.
        tiers: Vec<ShippingTier>,
    },
    /// The amount of the tier that the basket's subtotal falls into.
    SubtotalTiers {
        /// Ascending; `up_to` in minor units.
        tiers: Vec<ShippingTier>,
    },
}

/// A step of a tariff: it begins after the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ShippingTier {
    /// The last value in it; absent on the last tier: it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<i64>,
    /// What it costs, minor units.
    pub amount: i64,
}
