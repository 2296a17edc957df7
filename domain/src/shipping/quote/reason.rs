//! Why a method is not offered.

use crate::{
    money::Currency,
    text::{Id, Slug},
};
use serde_json::{Value, json};
use std::fmt;

/// Something that a method asks for and that does not hold. It names what the
/// method asks; what the basket has of it is known to whoever asks for a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The method is out of use.
    Archived,
    /// It does not ship to the zone that the place is in.
    Zone {
        /// That zone; none: the place is in no zone.
        zone: Option<Id>,
    },
    /// It is not of the basket's platform.
    Platform {
        /// That platform.
        platform: Slug,
    },
    /// It has no rate in the basket's currency.
    NoRate {
        /// That currency.
        currency: Currency,
    },
    /// It does not carry some of the articles.
    Excluded {
        /// Which ones, sorted.
        skus: Vec<Id>,
    },
    /// It depends on the weight, and some articles have none.
    WeightUnknown {
        /// Which ones, sorted.
        skus: Vec<Id>,
    },
    /// The basket weighs too little.
    BelowWeight {
        /// Smallest weight, grams.
        min: i64,
    },
    /// The basket weighs too much.
    AboveWeight {
        /// Largest weight, grams.
        max: i64,
    },
    /// One unit alone is too heavy for a parcel.
    UnitAboveParcelWeight {
        /// Of which articles, sorted.
        skus: Vec<Id>,
        /// Largest weight of a parcel, grams.
        max: i64,
    },
    /// A parcel weighs more than the last tier takes.
    AboveWeightTiers {
        /// End of the last tier, grams.
        max: i64,
    },
    /// The basket's subtotal is too small.
    BelowSubtotal {
        /// Smallest subtotal, minor units.
        min: i64,
    },
    /// The basket's subtotal is too large.
    AboveSubtotal {
        /// Largest subtotal, minor units.
        max: i64,
    },
    /// The basket's subtotal is more than the last tier takes.
    AboveSubtotalTiers {
        /// End of the last tier, minor units.
        max: i64,
    },
    /// What it would cost does not fit 64 bits of minor units.
    Overflow,
}

impl Reason {
    /// Every code that [`Self::code`] can tell.
    pub const CODES: &[&str] = &[
        "archived",
        "zone_mismatch",
        "platform_mismatch",
        "no_rate_in_currency",
        "excluded_sku",
        "weight_unknown",
        "below_min_weight",
        "above_max_weight",
        "unit_above_parcel_weight",
        "above_weight_tiers",
        "below_min_subtotal",
        "above_max_subtotal",
        "above_subtotal_tiers",
        "amount_overflow",
    ];

    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Archived => "archived",
            Self::Zone { .. } => "zone_mismatch",
            Self::Platform { .. } => "platform_mismatch",
            Self::NoRate { .. } => "no_rate_in_currency",
            Self::Excluded { .. } => "excluded_sku",
            Self::WeightUnknown { .. } => "weight_unknown",
            Self::BelowWeight { .. } => "below_min_weight",
            Self::AboveWeight { .. } => "above_max_weight",
            Self::UnitAboveParcelWeight { .. } => "unit_above_parcel_weight",
            Self::AboveWeightTiers { .. } => "above_weight_tiers",
            Self::BelowSubtotal { .. } => "below_min_subtotal",
            Self::AboveSubtotal { .. } => "above_max_subtotal",
            Self::AboveSubtotalTiers { .. } => "above_subtotal_tiers",
            Self::Overflow => "amount_overflow",
        }
    }

    /// The details, by name.
    pub fn figures(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Archived | Self::Overflow => Vec::new(),
            Self::Zone { zone } => vec![("zone", json!(zone))],
            Self::Platform { platform } => vec![("platform", json!(platform))],
            Self::NoRate { currency } => vec![("currency", json!(currency))],
            Self::Excluded { skus } | Self::WeightUnknown { skus } => vec![("skus", json!(skus))],
            Self::UnitAboveParcelWeight { skus, max } => {
                vec![("skus", json!(skus)), ("max", json!(max))]
            }
            Self::BelowWeight { min } | Self::BelowSubtotal { min } => vec![("min", json!(min))],
            Self::AboveWeight { max }
            | Self::AboveWeightTiers { max }
            | Self::AboveSubtotal { max }
            | Self::AboveSubtotalTiers { max } => vec![("max", json!(max))],
        }
    }
}

/// In words, for people; lists are left to the figures.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archived => f.write_str("the method is out of use"),
            Self::Zone { zone: Some(zone) } => write!(f, "the method does not ship to {zone}"),
            Self::Zone { zone: None } => f.write_str("the place is in no zone"),
            Self::Platform { platform } => write!(f, "{platform} does not offer the method"),
            Self::NoRate { currency } => write!(f, "the method has no rate in {currency}"),
            Self::Excluded { .. } => f.write_str("the method does not carry some of the articles"),
            Self::WeightUnknown { .. } => {
                f.write_str("the weight counts, and that of some articles is not known")
            }
            Self::BelowWeight { min } => write!(f, "the basket weighs less than {min} g"),
            Self::AboveWeight { max } => write!(f, "the basket weighs more than {max} g"),
            Self::UnitAboveParcelWeight { max, .. } => {
                write!(f, "one unit alone weighs more than a parcel may: {max} g")
            }
            Self::AboveWeightTiers { max } => {
                write!(f, "a parcel weighs more than the tariff goes: {max} g")
            }
            Self::BelowSubtotal { min } => write!(f, "the subtotal is less than {min}"),
            Self::AboveSubtotal { max } => write!(f, "the subtotal is more than {max}"),
            Self::AboveSubtotalTiers { max } => {
                write!(f, "the subtotal is more than the tariff goes: {max}")
            }
            Self::Overflow => f.write_str("what it would cost is too large"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The texts of `code` itself, so that none is left out of the list.
    #[test]
    fn the_list_of_codes_is_complete() {
        let source = include_str!("reason.rs");
        let (_, code) = source
            .split_once("pub const fn code")
            .expect("the function");
        let (code, _) = code.split_once("pub fn figures").expect("the next one");
        let told: BTreeSet<&str> = code.split('"').skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = Reason::CODES.iter().copied().collect();
        assert_eq!(told, listed);
        assert_eq!(listed.len(), Reason::CODES.len(), "one is there twice");
    }
}
