//! What a caller is told of a rejection: code, kind, pointer, figures.

use super::ShippingRejection;
use crate::order::RejectionKind;
use serde_json::{Value, json};

type Figures = Vec<(&'static str, Value)>;

impl ShippingRejection {
    /// Every code that [`Self::code`] can tell.
    pub const CODES: &[&str] = &[
        "shipping_zone_not_found",
        "shipping_method_not_found",
        "shipping_zone_archived",
        "shipping_method_archived",
        "content_outdated",
        "zone_empty",
        "unknown_country",
        "postal_code_malformed",
        "postal_range_uneven",
        "postal_range_reversed",
        "no_zones",
        "no_rates",
        "duplicate_currency",
        "no_tiers",
        "tiers_not_ascending",
        "open_tier_not_last",
        "bounds_reversed",
        "parcel_weight_not_positive",
        "days_out_of_range",
        "negative_amount",
        "negative_weight",
        "too_many",
        "no_lines",
        "too_many_lines",
        "quantity_out_of_range",
        "negative_price",
        "discount_out_of_range",
        "weights_differ",
        "amount_overflow",
    ];

    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ZoneNotFound => "shipping_zone_not_found",
            Self::MethodNotFound => "shipping_method_not_found",
            Self::ZoneArchived => "shipping_zone_archived",
            Self::MethodArchived => "shipping_method_archived",
            Self::ContentOutdated => "content_outdated",
            Self::ZoneEmpty => "zone_empty",
            Self::UnknownCountry { .. } => "unknown_country",
            Self::PostalCodeMalformed { .. } => "postal_code_malformed",
            Self::PostalRangeUneven { .. } => "postal_range_uneven",
            Self::PostalRangeReversed { .. } => "postal_range_reversed",
            Self::NoZones => "no_zones",
            Self::NoRates => "no_rates",
            Self::CurrencyTwice { .. } => "duplicate_currency",
            Self::NoTiers { .. } => "no_tiers",
            Self::TiersNotAscending { .. } => "tiers_not_ascending",
            Self::OpenTierNotLast { .. } => "open_tier_not_last",
            Self::BoundsReversed { .. } => "bounds_reversed",
            Self::ParcelWeightNotPositive { .. } => "parcel_weight_not_positive",
            Self::DaysOutOfRange { .. } => "days_out_of_range",
            Self::AmountNegative { .. } => "negative_amount",
            Self::WeightNegative { .. } => "negative_weight",
            Self::TooMany { .. } => "too_many",
            Self::NoLines => "no_lines",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::QuantityOutOfRange { .. } => "quantity_out_of_range",
            Self::PriceNegative { .. } => "negative_price",
            Self::DiscountOutOfRange { .. } => "discount_out_of_range",
            Self::WeightsDiffer { .. } => "weights_differ",
            Self::AmountOverflow => "amount_overflow",
        }
    }

    /// Which answer it is.
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::ZoneNotFound | Self::MethodNotFound => RejectionKind::NotFound,
            Self::ZoneArchived | Self::MethodArchived | Self::ContentOutdated => {
                RejectionKind::Conflict
            }
            _ => RejectionKind::Invalid,
        }
    }

    /// JSON Pointer to the offending part of the body, where there is one.
    pub fn pointer(&self) -> Option<String> {
        Some(match self {
            Self::ZoneNotFound
            | Self::MethodNotFound
            | Self::ZoneArchived
            | Self::MethodArchived
            | Self::ContentOutdated
            | Self::ZoneEmpty
            | Self::AmountOverflow => return None,
            Self::NoZones => "/zones".to_owned(),
            Self::NoRates => "/rates".to_owned(),
            Self::NoLines | Self::TooManyLines { .. } => "/lines".to_owned(),
            Self::QuantityOutOfRange { line, .. } => format!("/lines/{line}/quantity"),
            Self::PriceNegative { line } => format!("/lines/{line}/unit_price"),
            Self::DiscountOutOfRange { line, .. } => format!("/lines/{line}/discount"),
            Self::WeightsDiffer { line, .. } => format!("/lines/{line}/weight_grams"),
            Self::UnknownCountry { at }
            | Self::PostalCodeMalformed { at }
            | Self::PostalRangeUneven { at }
            | Self::PostalRangeReversed { at }
            | Self::CurrencyTwice { at, .. }
            | Self::NoTiers { at }
            | Self::TiersNotAscending { at, .. }
            | Self::OpenTierNotLast { at }
            | Self::BoundsReversed { at, .. }
            | Self::ParcelWeightNotPositive { at, .. }
            | Self::DaysOutOfRange { at, .. }
            | Self::AmountNegative { at, .. }
            | Self::WeightNegative { at, .. }
            | Self::TooMany { at, .. } => at.clone(),
        })
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Figures {
        match self {
            Self::CurrencyTwice { currency, .. } => vec![("currency", json!(currency))],
            Self::TiersNotAscending {
                up_to, previous, ..
            } => vec![("up_to", json!(up_to)), ("previous", json!(previous))],
            Self::BoundsReversed { min, max, .. } => {
                vec![("min", json!(min)), ("max", json!(max))]
            }
            Self::DaysOutOfRange { days, limit, .. } => {
                vec![("days", json!(days)), ("limit", json!(limit))]
            }
            Self::AmountNegative { amount, .. } => vec![("amount", json!(amount))],
            Self::WeightNegative { weight, .. } | Self::ParcelWeightNotPositive { weight, .. } => {
                vec![("weight", json!(weight))]
            }
            Self::TooMany { given, limit, .. } => {
                vec![("given", json!(given)), ("limit", json!(limit))]
            }
            Self::TooManyLines { lines, limit } => {
                vec![("lines", json!(lines)), ("limit", json!(limit))]
            }
            Self::QuantityOutOfRange {
                quantity, limit, ..
            } => vec![("quantity", json!(quantity)), ("limit", json!(limit))],
            Self::DiscountOutOfRange {
                discount, amount, ..
            } => vec![("discount", json!(discount)), ("amount", json!(amount))],
            Self::WeightsDiffer { sku, .. } => vec![("sku", json!(sku))],
            _ => Vec::new(),
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
        let source = include_str!("told.rs");
        let (_, code) = source
            .split_once("pub const fn code")
            .expect("the function");
        let (code, _) = code.split_once("pub const fn").expect("the next one");
        let told: BTreeSet<&str> = code.split('"').skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = ShippingRejection::CODES.iter().copied().collect();
        assert_eq!(told, listed);
        assert_eq!(
            listed.len(),
            ShippingRejection::CODES.len(),
            "one is there twice"
        );
    }
}
