//! The canonical form of a request for a quote: all that its answer depends on,
//! and no more of it than the methods look at.

use super::basket::Basket;
use crate::{
    money::Currency,
    shipping::{
        destination::Destination,
        method::{Charge, Method},
        zone::{Zone, zone_of},
    },
    text::{Id, Slug},
};

/// Requests with one canonical form have one quote, as long as zones and
/// methods are the same. A key of a cache has to have their state beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Canonical {
    /// Sales channel.
    pub platform: Slug,
    /// Currency of amounts.
    pub currency: Currency,
    /// Whether amounts contain their tax.
    pub prices_include_tax: bool,
    /// The zone that the place is in: places in one zone are one.
    pub zone: Option<Id>,
    /// Quantity of each article, by SKU.
    pub lines: Vec<(Id, i64)>,
    /// What all of it costs, minor units.
    pub subtotal: i64,
    /// What it weighs, as far as that matters.
    pub weight: WeightClass,
}

/// Baskets of one class are alike for every weight that a method names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WeightClass {
    /// No method looks at weights.
    Any,
    /// These articles have none, by SKU.
    Unknown(Vec<Id>),
    /// Between two of the weights that methods name, or at one of them.
    Between {
        /// How many of those weights are below.
        above: usize,
        /// How many are below or equal.
        from: usize,
    },
    /// Some method splits baskets into parcels: the weights of the articles,
    /// grams, in the order of the lines.
    Exact(Vec<i64>),
}

/// The canonical form of a request.
pub fn canonical(
    basket: &Basket,
    place: &Destination,
    zones: &[Zone],
    methods: &[Method],
) -> Canonical {
    let lines = basket.lines().iter();
    Canonical {
        platform: basket.platform().clone(),
        currency: basket.currency(),
        prices_include_tax: basket.prices_include_tax(),
        zone: zone_of(place, zones).map(|zone| zone.id().clone()),
        lines: lines
            .map(|line| (line.sku.clone(), line.quantity))
            .collect(),
        subtotal: basket.subtotal(),
        weight: weight_class(basket, methods),
    }
}

fn weight_class(basket: &Basket, methods: &[Method]) -> WeightClass {
    let in_use = || methods.iter().filter(|method| !method.is_archived());
    let splits = in_use().any(|method| method.content().max_parcel_weight_grams.is_some());
    let named: Vec<i64> = in_use().flat_map(named_weights).collect();
    let by_tiers = in_use().any(|method| has_weight_tiers(method, basket));
    if !splits && named.is_empty() && !by_tiers {
        return WeightClass::Any;
    }
    let weight = match basket.weight() {
        Ok(weight) => weight,
        Err(skus) => return WeightClass::Unknown(skus),
    };
    if splits {
        let weights = basket.lines().iter().filter_map(|line| line.weight_grams);
        return WeightClass::Exact(weights.collect());
    }
    let count = |below: fn(i128, i128) -> bool| {
        let below = named
            .iter()
            .filter(|named| below(i128::from(**named), weight));
        below.count()
    };
    WeightClass::Between {
        above: count(|named, weight| named < weight),
        from: count(|named, weight| named <= weight),
    }
}

/// Every weight that a method compares a basket's weight with.
fn named_weights(method: &Method) -> Vec<i64> {
    let content = method.content();
    let bounds = [content.min_weight_grams, content.max_weight_grams];
    let tiers = content.rates.iter().flat_map(|rate| match &rate.charge {
        Charge::WeightTiers { tiers } => tiers.as_slice(),
        _ => &[],
    });
    let ends = tiers.filter_map(|tier| tier.up_to);
    bounds.into_iter().flatten().chain(ends).collect()
}

/// A tariff of one open tier names no weight, and asks for one.
fn has_weight_tiers(method: &Method, basket: &Basket) -> bool {
    let rate = method.rate(basket.currency());
    rate.is_some_and(|rate| matches!(rate.charge, Charge::WeightTiers { .. }))
}

impl Canonical {
    /// The form as bytes, from which a key is derived: equal forms have equal
    /// bytes, and only they do. Every part has its length before it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut parts: Vec<String> = vec![
            self.platform.to_string(),
            self.currency.to_string(),
            u8::from(self.prices_include_tax).to_string(),
            self.subtotal.to_string(),
        ];
        parts.extend(list(self.zone.as_ref().map(Id::to_string)));
        let lines = self.lines.iter();
        parts.extend(list(lines.map(|(sku, _)| sku.to_string())));
        let lines = self.lines.iter();
        parts.extend(list(lines.map(|(_, quantity)| quantity.to_string())));
        parts.extend(self.weight.parts());
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

impl WeightClass {
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Any => vec!["any".to_owned()],
            Self::Unknown(skus) => {
                let skus = list(skus.iter().map(Id::to_string));
                [vec!["unknown".to_owned()], skus].concat()
            }
            Self::Between { above, from } => {
                vec!["between".to_owned(), above.to_string(), from.to_string()]
            }
            Self::Exact(weights) => {
                let weights = list(weights.iter().map(i64::to_string));
                [vec!["exact".to_owned()], weights].concat()
            }
        }
    }
}

/// A list, and how long it is.
fn list(items: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut parts: Vec<String> = items.into_iter().collect();
    parts.insert(0, parts.len().to_string());
    parts
}
