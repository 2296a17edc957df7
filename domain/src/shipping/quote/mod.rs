//! What shipping a basket to a place costs.
//!
//! 1. The place is in one zone ([`zone_of`]).
//! 2. A method is offered if all that it asks for holds: it is in use, ships to
//!    that zone, is of the platform, has a rate in the basket's currency,
//!    carries every article, and weight and subtotal are within its bounds,
//!    which both count.
//! 3. Units go into parcels ([`parcels`]), the rate's charge is computed
//!    ([`charge`]), and is nothing from the subtotal on that is free.
//! 4. Tax is a share of the charge: added to it, or in it where the platform's
//!    prices include tax.
//!
//! What is rounded (a percentage of the subtotal, the tax) is rounded once, half
//! to even, to the minor unit. Sums that do not fit 64 bits refuse the method.

mod basket;
mod canonical;
mod charge;
mod parcels;
mod reason;

pub use basket::{Basket, BasketLine};
pub use canonical::{Canonical, WeightClass, canonical};
pub use reason::Reason;

use super::{
    destination::Destination,
    method::{Charge, Method, Rate},
    zone::{Zone, zone_of},
};
use crate::{
    money::{Overflow, Percent},
    text::{Id, Words},
};
use parcels::Parcels;
use serde::{Deserialize, Serialize};

/// What there is to choose from, and why the rest is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The zone that the place is in, if it is in one.
    pub zone: Option<Id>,
    /// By what they cost, then name, then id.
    pub offers: Vec<Offer>,
    /// By name, then id.
    pub refused: Vec<Refused>,
}

/// A method that ships the basket. Amounts in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Id of the method.
    pub method: Id,
    /// Its name.
    pub name: Words,
    /// The charge, as an order's `shipping.amount`: without its tax, unless
    /// prices include tax.
    pub amount: i64,
    /// Tax on it, as an order's `shipping.tax`.
    pub tax: i64,
    /// What the customer pays for it.
    pub total: i64,
    /// Into how many parcels the basket goes; 1 where the method does not limit
    /// them.
    pub parcels: i64,
    /// Days until delivery, at least.
    pub min_days: Option<i64>,
    /// Days until delivery, at most.
    pub max_days: Option<i64>,
}

/// A method that does not ship the basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Id of the method.
    pub method: Id,
    /// Its name.
    pub name: Words,
    /// Why, at least one: all that does not hold, but for what cannot be told
    /// because of another one.
    pub reasons: Vec<Reason>,
}

/// What shipping `basket` to `place` costs, by every one of `methods`.
pub fn quote(basket: &Basket, place: &Destination, zones: &[Zone], methods: &[Method]) -> Quote {
    let zone = zone_of(place, zones).map(Zone::id);
    let (mut offers, mut refused) = (Vec::new(), Vec::new());
    for method in methods {
        match offer(method, basket, zone) {
            Ok(offer) => offers.push(offer),
            Err(reasons) => refused.push(Refused {
                method: method.content().id.clone(),
                name: method.content().name.clone(),
                reasons,
            }),
        }
    }
    offers.sort_by(|a, b| {
        let by_cost = a.total.cmp(&b.total);
        by_cost.then_with(|| (&a.name, &a.method).cmp(&(&b.name, &b.method)))
    });
    refused.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
    Quote {
        zone: zone.cloned(),
        offers,
        refused,
    }
}

fn offer(method: &Method, basket: &Basket, zone: Option<&Id>) -> Result<Offer, Vec<Reason>> {
    if method.is_archived() {
        return Err(vec![Reason::Archived]);
    }
    let mut reasons = circumstances(method, basket, zone);
    let rate = method.rate(basket.currency());
    let Some(rate) = rate else {
        let currency = basket.currency();
        reasons.push(Reason::NoRate { currency });
        reasons.extend(weight_reasons(method, basket));
        return Err(reasons);
    };
    reasons.extend(subtotal_reasons(rate, basket));
    let parcels = match parcels_of(method, rate, basket) {
        Ok(parcels) => parcels,
        Err(of_weight) => {
            reasons.extend(of_weight);
            return Err(reasons);
        }
    };
    match charged(method, rate, basket, &parcels) {
        Ok(offer) if reasons.is_empty() => Ok(offer),
        Ok(_) => Err(reasons),
        Err(reason) => {
            reasons.push(reason);
            Err(reasons)
        }
    }
}

/// What does not hold of zone, platform and articles.
fn circumstances(method: &Method, basket: &Basket, zone: Option<&Id>) -> Vec<Reason> {
    let content = method.content();
    let mut reasons = Vec::new();
    if zone.is_none_or(|zone| content.zones.binary_search(zone).is_err()) {
        let zone = zone.cloned();
        reasons.push(Reason::Zone { zone });
    }
    let platform = basket.platform();
    if !content.platforms.is_empty() && content.platforms.binary_search(platform).is_err() {
        let platform = platform.clone();
        reasons.push(Reason::Platform { platform });
    }
    let skus = basket.lines().iter().map(|line| &line.sku);
    let excluded = skus.filter(|sku| content.excluded_skus.binary_search(sku).is_ok());
    let skus: Vec<Id> = excluded.cloned().collect();
    if !skus.is_empty() {
        reasons.push(Reason::Excluded { skus });
    }
    reasons
}

fn subtotal_reasons(rate: &Rate, basket: &Basket) -> Vec<Reason> {
    let subtotal = basket.subtotal();
    let below = rate.min_subtotal.filter(|min| subtotal < *min);
    let above = rate.max_subtotal.filter(|max| *max < subtotal);
    let below = below.map(|min| Reason::BelowSubtotal { min });
    let above = above.map(|max| Reason::AboveSubtotal { max });
    below.into_iter().chain(above).collect()
}

/// What the method itself asks of weights, whatever the rate.
fn weight_reasons(method: &Method, basket: &Basket) -> Vec<Reason> {
    let content = method.content();
    let (min, max) = (content.min_weight_grams, content.max_weight_grams);
    let parcel = content.max_parcel_weight_grams;
    if min.is_none() && max.is_none() && parcel.is_none() {
        return Vec::new();
    }
    let weight = match basket.weight() {
        Ok(weight) => weight,
        Err(skus) => return vec![Reason::WeightUnknown { skus }],
    };
    let below = min.filter(|min| weight < i128::from(*min));
    let above = max.filter(|max| i128::from(*max) < weight);
    let below = below.map(|min| Reason::BelowWeight { min });
    let above = above.map(|max| Reason::AboveWeight { max });
    let too_heavy = parcel.and_then(|max| {
        let skus = basket.heavier_than(max);
        (!skus.is_empty()).then_some(Reason::UnitAboveParcelWeight { skus, max })
    });
    below.into_iter().chain(above).chain(too_heavy).collect()
}

/// The parcels that the rate is charged for, or what is wrong with the weight.
fn parcels_of(method: &Method, rate: &Rate, basket: &Basket) -> Result<Parcels, Vec<Reason>> {
    let reasons = weight_reasons(method, basket);
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let limit = method.content().max_parcel_weight_grams;
    let by_weight = matches!(rate.charge, Charge::WeightTiers { .. });
    if limit.is_none() && !by_weight {
        return Ok(Parcels::one_of_any_weight());
    }
    match basket.weight() {
        Ok(_) => Ok(Parcels::packed(basket, limit)),
        Err(skus) => Err(vec![Reason::WeightUnknown { skus }]),
    }
}

fn charged(
    method: &Method,
    rate: &Rate,
    basket: &Basket,
    parcels: &Parcels,
) -> Result<Offer, Reason> {
    let content = method.content();
    let charge = charge::amount(&rate.charge, basket, parcels)?;
    let free = rate
        .free_above
        .is_some_and(|from| from <= basket.subtotal());
    let amount = if free { 0 } else { charge };
    let (tax, total) = taxed(amount, content.tax_rate, basket.prices_include_tax())
        .map_err(|Overflow| Reason::Overflow)?;
    Ok(Offer {
        method: content.id.clone(),
        name: content.name.clone(),
        amount,
        tax,
        total,
        parcels: i64::try_from(parcels.count()).map_err(|_| Reason::Overflow)?,
        min_days: content.min_days,
        max_days: content.max_days,
    })
}

/// The tax on a charge, and what both come to.
fn taxed(amount: i64, rate: Option<Percent>, included: bool) -> Result<(i64, i64), Overflow> {
    match rate {
        None => Ok((0, amount)),
        Some(rate) if included => Ok((rate.within(amount)?, amount)),
        Some(rate) => {
            let tax = rate.of(amount)?;
            let total = amount.checked_add(tax).ok_or(Overflow)?;
            Ok((tax, total))
        }
    }
}
