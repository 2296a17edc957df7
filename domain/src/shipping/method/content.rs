//! What a method consists of: checked, and as it is stored.

use super::command::{NewMethod, Rate};
use crate::{
    money::Currency,
    shipping::{
        check::{amount, as_set, at_most, bounds, weight},
        rejection::ShippingRejection,
        unreadable::Unreadable,
    },
    text::{Id, Slug},
};
use contracts::shipping::method::{ShippingMethod as Published, ShippingRate};
use std::collections::HashSet;

/// Zones, platforms or excluded SKUs that a method may name.
const MAX_NAMED: usize = 1_000;
/// Rates that a method may have: more than there are currencies.
const MAX_RATES: usize = 200;
/// Longest delivery, days.
const MAX_DAYS: i64 = 365;

/// A method that is checked and can be quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    content: NewMethod,
    archived: bool,
}

impl Method {
    /// The method of this content, in use.
    ///
    /// # Errors
    /// Content that cannot be one, with a pointer to the part at fault.
    pub fn new(new: NewMethod) -> Result<Self, ShippingRejection> {
        check_lists(&new)?;
        check_parcels(&new)?;
        check_days(&new)?;
        for (index, rate) in new.rates.iter().enumerate() {
            rate.check(&format!("/rates/{index}"))?;
        }
        let mut rates = new.rates;
        rates.sort_by(|a, b| a.currency.code().cmp(b.currency.code()));
        let content = NewMethod {
            zones: as_set(new.zones),
            platforms: as_set(new.platforms),
            excluded_skus: as_set(new.excluded_skus),
            rates,
            ..new
        };
        let archived = false;
        Ok(Self { content, archived })
    }

    /// The method that was published, in use or out of it.
    ///
    /// # Errors
    /// Content that this release does not take.
    pub fn read(published: &Published) -> Result<Self, Unreadable> {
        let method = Self::new(NewMethod::of(published)?)?;
        Ok(method.in_use(!published.archived))
    }

    /// As it is published and stored.
    pub fn published(&self) -> Published {
        let content = &self.content;
        let texts = |ids: &[Id]| ids.iter().map(Id::to_string).collect();
        Published {
            id: content.id.to_string(),
            name: content.name.to_string(),
            zones: texts(&content.zones),
            platforms: content.platforms.iter().map(Slug::to_string).collect(),
            min_weight_grams: content.min_weight_grams,
            max_weight_grams: content.max_weight_grams,
            max_parcel_weight_grams: content.max_parcel_weight_grams,
            excluded_skus: texts(&content.excluded_skus),
            min_days: content.min_days,
            max_days: content.max_days,
            tax_rate: content.tax_rate.map(|rate| rate.to_string()),
            rates: content.rates.iter().map(Rate::published).collect(),
            archived: self.archived,
        }
    }

    /// What it consists of, lists sorted.
    pub const fn content(&self) -> &NewMethod {
        &self.content
    }

    /// Whether it is out of use.
    pub const fn is_archived(&self) -> bool {
        self.archived
    }

    /// Its rate in a currency, if it has one.
    pub fn rate(&self, currency: Currency) -> Option<&Rate> {
        let mut rates = self.content.rates.iter();
        rates.find(|rate| rate.currency == currency)
    }

    /// The same, in use or out of it.
    #[must_use]
    pub fn in_use(self, in_use: bool) -> Self {
        let archived = !in_use;
        Self { archived, ..self }
    }
}

impl Rate {
    fn check(&self, at: &str) -> Result<(), ShippingRejection> {
        let member = |name: &str| format!("{at}/{name}");
        amount(&member("min_subtotal"), self.min_subtotal)?;
        amount(&member("max_subtotal"), self.max_subtotal)?;
        amount(&member("free_above"), self.free_above)?;
        bounds(
            &member("max_subtotal"),
            self.min_subtotal,
            self.max_subtotal,
        )?;
        self.charge.check(&member("charge"))
    }

    fn published(&self) -> ShippingRate {
        ShippingRate {
            currency: self.currency.to_string(),
            min_subtotal: self.min_subtotal,
            max_subtotal: self.max_subtotal,
            free_above: self.free_above,
            charge: self.charge.published(),
        }
    }
}

fn check_lists(new: &NewMethod) -> Result<(), ShippingRejection> {
    at_most("/zones", &new.zones, MAX_NAMED)?;
    at_most("/platforms", &new.platforms, MAX_NAMED)?;
    at_most("/excluded_skus", &new.excluded_skus, MAX_NAMED)?;
    at_most("/rates", &new.rates, MAX_RATES)?;
    if new.zones.is_empty() {
        return Err(ShippingRejection::NoZones);
    }
    if new.rates.is_empty() {
        return Err(ShippingRejection::NoRates);
    }
    let mut seen = HashSet::new();
    for (index, rate) in new.rates.iter().enumerate() {
        if !seen.insert(rate.currency) {
            return Err(ShippingRejection::CurrencyTwice {
                at: format!("/rates/{index}/currency"),
                currency: rate.currency.to_string(),
            });
        }
    }
    Ok(())
}

fn check_parcels(new: &NewMethod) -> Result<(), ShippingRejection> {
    weight("/min_weight_grams", new.min_weight_grams)?;
    weight("/max_weight_grams", new.max_weight_grams)?;
    bounds(
        "/max_weight_grams",
        new.min_weight_grams,
        new.max_weight_grams,
    )?;
    match new.max_parcel_weight_grams {
        Some(weight) if weight < 1 => {
            let at = "/max_parcel_weight_grams".to_owned();
            Err(ShippingRejection::ParcelWeightNotPositive { at, weight })
        }
        _ => Ok(()),
    }
}

fn check_days(new: &NewMethod) -> Result<(), ShippingRejection> {
    for (at, days) in [("/min_days", new.min_days), ("/max_days", new.max_days)] {
        if let Some(days) = days.filter(|days| !(0..=MAX_DAYS).contains(days)) {
            return Err(ShippingRejection::DaysOutOfRange {
                at: at.to_owned(),
                days,
                limit: MAX_DAYS,
            });
        }
    }
    bounds("/max_days", new.min_days, new.max_days)
}
