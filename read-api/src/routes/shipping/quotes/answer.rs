//! What a quote says.

use domain::{
    money::Currency,
    shipping::{Offer, Reason, Refused},
    text::{Id, Slug, Words},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What there is to choose from, and why the rest is not. Amounts in minor units
/// of `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShippingQuote {
    /// Slug of the platform.
    #[schema(value_type = String, example = "web")]
    pub platform: Slug,
    /// ISO 4217 code.
    #[schema(value_type = String, example = "GBP")]
    pub currency: Currency,
    /// What the lines cost that are shipped, after their discounts: what methods
    /// look at.
    pub subtotal: i64,
    /// Whether anything of it goes into a parcel. If not, there is nothing to
    /// choose.
    pub requires_shipping: bool,
    /// The zone that the place is in; `null` where it is in none.
    #[schema(value_type = Option<String>, example = "united-kingdom")]
    pub zone: Option<Id>,
    /// By what they cost, then by name.
    pub offers: Vec<ShippingOffer>,
    /// By name.
    pub refused: Vec<RefusedMethod>,
    /// Until when the offers hold.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
}

/// A method that ships the basket.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShippingOffer {
    /// Id of the method: an order's `shipping.method`.
    #[schema(value_type = String, example = "standard")]
    method: Id,
    /// Its name: an order's `shipping.name`.
    #[schema(value_type = String, example = "Standard delivery")]
    name: Words,
    /// The charge, without its tax unless the platform's prices include tax: an
    /// order's `shipping.amount`.
    #[schema(example = 399)]
    amount: i64,
    /// Tax on it: an order's `shipping.tax`.
    #[schema(example = 80)]
    tax: i64,
    /// What the customer pays for it.
    #[schema(example = 479)]
    total: i64,
    /// Days until delivery, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_days: Option<i64>,
    /// Days until delivery, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_days: Option<i64>,
    /// Into how many parcels the basket goes.
    parcels: i64,
    /// The offer, signed: it holds until `expires_at` for an order of these lines
    /// to this place, whatever becomes of methods and prices. To be given with
    /// the order as it is.
    quote: String,
}

/// A method that does not ship the basket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefusedMethod {
    /// Id of the method.
    #[schema(value_type = String, example = "express")]
    method: Id,
    /// Its name.
    #[schema(value_type = String, example = "Express")]
    name: Words,
    /// All that does not hold, at least one.
    reasons: Vec<RefusalReason>,
}

/// Something that a method asks for and that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefusalReason {
    /// What it is, for programs: `archived`, `zone_mismatch`,
    /// `platform_mismatch`, `no_rate_in_currency`, `excluded_sku`,
    /// `weight_unknown`, `below_min_weight`, `above_max_weight`,
    /// `unit_above_parcel_weight`, `above_weight_tiers`, `below_min_subtotal`,
    /// `above_max_subtotal`, `above_subtotal_tiers` or `amount_overflow`.
    #[schema(example = "above_max_weight")]
    code: String,
    /// The same for people.
    #[schema(example = "the basket weighs more than 2000 g")]
    detail: String,
    /// What the method asks, by name: `min` and `max` in minor units or grams,
    /// `skus`, `zone`, `platform`, `currency`.
    #[serde(flatten)]
    figures: Map<String, Value>,
}

impl ShippingOffer {
    /// An offer with the promise of it.
    pub fn new(offer: Offer, quote: String) -> Self {
        Self {
            method: offer.method,
            name: offer.name,
            amount: offer.amount,
            tax: offer.tax,
            total: offer.total,
            min_days: offer.min_days,
            max_days: offer.max_days,
            parcels: offer.parcels,
            quote,
        }
    }
}

impl RefusedMethod {
    /// As it is told.
    pub fn of(refused: &Refused) -> Self {
        Self {
            method: refused.method.clone(),
            name: refused.name.clone(),
            reasons: refused.reasons.iter().map(RefusalReason::of).collect(),
        }
    }
}

impl RefusalReason {
    fn of(reason: &Reason) -> Self {
        let figures = reason.figures().into_iter();
        Self {
            code: reason.code().to_owned(),
            detail: reason.to_string(),
            figures: figures
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_reason_is_documented() {
        let schema = serde_json::to_string(&<RefusalReason as utoipa::PartialSchema>::schema());
        let schema = schema.expect("JSON");
        for code in Reason::CODES {
            assert!(schema.contains(&format!("`{code}`")), "{code}");
        }
    }
}
