//! What is to be shipped.

use crate::{
    money::{self, Currency},
    order::MAX_QUANTITY,
    shipping::{
        check::{amount, weight},
        priced::check_count,
        rejection::ShippingRejection,
    },
    text::{Id, Slug},
};
use std::collections::{BTreeMap, btree_map::Entry};

/// Some units of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// Stock keeping unit.
    pub sku: Id,
    /// How many.
    pub quantity: i64,
    /// What all of them cost after discounts, minor units: rounded, with or
    /// without tax as the platform's prices are.
    pub amount: i64,
    /// What one of them weighs; none: unknown.
    pub weight_grams: Option<i64>,
}

/// What is to be shipped, and where it is sold. Every article is one line, in
/// the order of their SKUs: neither the order of lines nor how they were split
/// makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    platform: Slug,
    currency: Currency,
    prices_include_tax: bool,
    lines: Vec<BasketLine>,
    subtotal: i64,
    units: i64,
}

impl Basket {
    /// The basket of these lines; those of one SKU become one.
    ///
    /// # Errors
    /// No lines or too many, a quantity, an amount or a weight out of range,
    /// different weights of one SKU, a subtotal that does not fit.
    pub fn new(
        platform: Slug,
        currency: Currency,
        prices_include_tax: bool,
        lines: Vec<BasketLine>,
    ) -> Result<Self, ShippingRejection> {
        check_count(lines.len())?;
        let lines = merged(lines)?;
        let sum = |of: fn(&BasketLine) -> i64| {
            money::sum(lines.iter().map(of)).map_err(|_| ShippingRejection::AmountOverflow)
        };
        let (subtotal, units) = (sum(|line| line.amount)?, sum(|line| line.quantity)?);
        Ok(Self {
            platform,
            currency,
            prices_include_tax,
            lines,
            subtotal,
            units,
        })
    }

    /// Sales channel.
    pub const fn platform(&self) -> &Slug {
        &self.platform
    }

    /// Currency of its amounts.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether its amounts contain their tax.
    pub const fn prices_include_tax(&self) -> bool {
        self.prices_include_tax
    }

    /// A line per article, by SKU.
    pub fn lines(&self) -> &[BasketLine] {
        &self.lines
    }

    /// What all of it costs, minor units.
    pub const fn subtotal(&self) -> i64 {
        self.subtotal
    }

    /// How many units it has.
    pub const fn units(&self) -> i64 {
        self.units
    }

    /// What all of it weighs, grams.
    ///
    /// # Errors
    /// The articles whose weight is unknown, by SKU.
    pub fn weight(&self) -> Result<i128, Vec<Id>> {
        let unknown = self.lines.iter().filter(|line| line.weight_grams.is_none());
        let unknown: Vec<Id> = unknown.map(|line| line.sku.clone()).collect();
        if unknown.is_empty() {
            let weights = self.unit_weights();
            Ok(weights.map(|(weight, units)| weight * units).sum())
        } else {
            Err(unknown)
        }
    }

    /// The weight of a unit, grams, and how many there are, of every line whose
    /// weight is known. Products of them fit: fewer than 2⁴³ units.
    pub(super) fn unit_weights(&self) -> impl Iterator<Item = (i128, i128)> {
        let known = self.lines.iter();
        known.filter_map(|line| Some((i128::from(line.weight_grams?), i128::from(line.quantity))))
    }

    /// Articles one of which weighs more than `limit`, by SKU.
    pub(super) fn heavier_than(&self, limit: i64) -> Vec<Id> {
        let heavy = |line: &&BasketLine| line.weight_grams.is_some_and(|weight| limit < weight);
        let heavy = self.lines.iter().filter(heavy);
        heavy.map(|line| line.sku.clone()).collect()
    }
}

/// A line per SKU, sorted by it.
fn merged(lines: Vec<BasketLine>) -> Result<Vec<BasketLine>, ShippingRejection> {
    let mut by_sku: BTreeMap<Id, BasketLine> = BTreeMap::new();
    for (index, line) in lines.into_iter().enumerate() {
        checked(index, &line)?;
        match by_sku.entry(line.sku.clone()) {
            Entry::Vacant(place) => {
                place.insert(line);
            }
            Entry::Occupied(mut place) => add(place.get_mut(), index, line)?,
        }
    }
    Ok(by_sku.into_values().collect())
}

fn checked(index: usize, line: &BasketLine) -> Result<(), ShippingRejection> {
    if !(1..=MAX_QUANTITY).contains(&line.quantity) {
        return Err(ShippingRejection::QuantityOutOfRange {
            line: index,
            quantity: line.quantity,
            limit: MAX_QUANTITY,
        });
    }
    amount(&format!("/lines/{index}/amount"), line.amount)?;
    weight(&format!("/lines/{index}/weight_grams"), line.weight_grams)
}

fn add(to: &mut BasketLine, index: usize, line: BasketLine) -> Result<(), ShippingRejection> {
    if to.weight_grams != line.weight_grams {
        return Err(ShippingRejection::WeightsDiffer {
            line: index,
            sku: line.sku.into(),
        });
    }
    let sum = |a: i64, b: i64| a.checked_add(b).ok_or(ShippingRejection::AmountOverflow);
    to.quantity = sum(to.quantity, line.quantity)?;
    to.amount = sum(to.amount, line.amount)?;
    Ok(())
}
