//! Commands: what may be asked of a method.

use super::charge::Charge;
use crate::{
    money::{Currency, Percent},
    shipping::unreadable::Unreadable,
    text::{Id, InvalidText, Slug, Words},
};
use contracts::shipping::method::{ShippingMethod as Published, ShippingRate};

/// Any command of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShippingMethodCommand {
    /// Make it, or make it so.
    Save(Box<NewMethod>),
    /// Change some of it.
    Change(Box<ChangeMethod>),
    /// Take it out of use.
    Archive,
    /// Take it into use again.
    Restore,
}

/// All of a method, as a command gives it; lists in any order. All that it asks
/// for has to hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMethod {
    /// The shop's own id of it, and its code on orders.
    pub id: Id,
    /// Name, as customers see it.
    pub name: Words,
    /// Zones that it ships to, by id.
    pub zones: Vec<Id>,
    /// Platforms that offer it; none: all of them.
    pub platforms: Vec<Slug>,
    /// Smallest weight of a basket.
    pub min_weight_grams: Option<i64>,
    /// Largest weight of a basket.
    pub max_weight_grams: Option<i64>,
    /// Largest weight of a parcel.
    pub max_parcel_weight_grams: Option<i64>,
    /// What it does not carry.
    pub excluded_skus: Vec<Id>,
    /// Days until delivery, at least.
    pub min_days: Option<i64>,
    /// Days until delivery, at most.
    pub max_days: Option<i64>,
    /// Tax on the charge: added to it, or in it where prices include tax.
    pub tax_rate: Option<Percent>,
    /// What it costs, one per currency.
    pub rates: Vec<Rate>,
}

/// What a method costs in one currency. Amounts in its minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Which one.
    pub currency: Currency,
    /// Smallest subtotal of a basket.
    pub min_subtotal: Option<i64>,
    /// Largest subtotal of a basket.
    pub max_subtotal: Option<i64>,
    /// Subtotal from which on it costs nothing.
    pub free_above: Option<i64>,
    /// How the charge is computed.
    pub charge: Charge,
}

/// What of a method is to be another; lists are given whole, and `Some(None)`
/// takes away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeMethod {
    /// Name.
    pub name: Option<Words>,
    /// Zones that it ships to.
    pub zones: Option<Vec<Id>>,
    /// Platforms that offer it.
    pub platforms: Option<Vec<Slug>>,
    /// Smallest weight of a basket.
    pub min_weight_grams: Option<Option<i64>>,
    /// Largest weight of a basket.
    pub max_weight_grams: Option<Option<i64>>,
    /// Largest weight of a parcel.
    pub max_parcel_weight_grams: Option<Option<i64>>,
    /// What it does not carry.
    pub excluded_skus: Option<Vec<Id>>,
    /// Days until delivery, at least.
    pub min_days: Option<Option<i64>>,
    /// Days until delivery, at most.
    pub max_days: Option<Option<i64>>,
    /// Tax on the charge.
    pub tax_rate: Option<Option<Percent>>,
    /// What it costs, in all currencies.
    pub rates: Option<Vec<Rate>>,
}

impl ChangeMethod {
    /// The method with these changes.
    pub(super) fn applied_to(self, method: NewMethod) -> NewMethod {
        let parcel = self.max_parcel_weight_grams;
        NewMethod {
            id: method.id,
            name: self.name.unwrap_or(method.name),
            zones: self.zones.unwrap_or(method.zones),
            platforms: self.platforms.unwrap_or(method.platforms),
            min_weight_grams: self.min_weight_grams.unwrap_or(method.min_weight_grams),
            max_weight_grams: self.max_weight_grams.unwrap_or(method.max_weight_grams),
            max_parcel_weight_grams: parcel.unwrap_or(method.max_parcel_weight_grams),
            excluded_skus: self.excluded_skus.unwrap_or(method.excluded_skus),
            min_days: self.min_days.unwrap_or(method.min_days),
            max_days: self.max_days.unwrap_or(method.max_days),
            tax_rate: self.tax_rate.unwrap_or(method.tax_rate),
            rates: self.rates.unwrap_or(method.rates),
        }
    }
}

impl NewMethod {
    /// What a method has now, as a command would give it.
    pub(super) fn of(published: &Published) -> Result<Self, Unreadable> {
        let tax_rate = published.tax_rate.as_ref().map(|rate| rate.parse());
        let rates = published.rates.iter().map(Rate::of);
        Ok(Self {
            id: published.id.as_str().try_into()?,
            name: published.name.as_str().try_into()?,
            zones: texts(&published.zones)?,
            platforms: texts(&published.platforms)?,
            min_weight_grams: published.min_weight_grams,
            max_weight_grams: published.max_weight_grams,
            max_parcel_weight_grams: published.max_parcel_weight_grams,
            excluded_skus: texts(&published.excluded_skus)?,
            min_days: published.min_days,
            max_days: published.max_days,
            tax_rate: tax_rate.transpose()?,
            rates: rates.collect::<Result<_, _>>()?,
        })
    }
}

impl Rate {
    fn of(rate: &ShippingRate) -> Result<Self, Unreadable> {
        Ok(Self {
            currency: rate.currency.parse()?,
            min_subtotal: rate.min_subtotal,
            max_subtotal: rate.max_subtotal,
            free_above: rate.free_above,
            charge: Charge::try_from(&rate.charge)?,
        })
    }
}

fn texts<T>(texts: &[String]) -> Result<Vec<T>, InvalidText>
where
    T: for<'a> TryFrom<&'a str, Error = InvalidText>,
{
    let texts = texts.iter().map(|text| T::try_from(text.as_str()));
    texts.collect()
}
