//! Lines and what they cost: those of an order, and those that a quote is asked
//! for.

use super::rejection::ShippingRejection;
use crate::{
    money::{Currency, Overflow, Price},
    order::{MAX_LINES, MAX_QUANTITY, command::NewLine},
    text::Id,
};
use contracts::order::OrderedLine;

/// Some units of an article at a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// Stock keeping unit.
    pub sku: Id,
    /// How many.
    pub quantity: i64,
    /// Price of one.
    pub unit_price: Price,
    /// Discount on all of them, minor units.
    pub discount: i64,
}

/// Whether a basket may have so many lines: as many as an order.
///
/// # Errors
/// `no_lines`, `too_many_lines`.
pub const fn check_count(lines: usize) -> Result<(), ShippingRejection> {
    match lines {
        0 => Err(ShippingRejection::NoLines),
        1..=MAX_LINES => Ok(()),
        _ => Err(ShippingRejection::TooManyLines {
            lines,
            limit: MAX_LINES,
        }),
    }
}

impl PricedLine {
    /// What all of it costs after its discount, minor units: rounded where an
    /// order rounds. It is the `line`th of its request, from 0 on.
    ///
    /// # Errors
    /// What no order takes: `quantity_out_of_range`, `negative_price`,
    /// `discount_out_of_range`, `amount_overflow`.
    pub fn amount(&self, line: usize, currency: Currency) -> Result<i64, ShippingRejection> {
        let (quantity, limit) = (self.quantity, MAX_QUANTITY);
        if !(1..=limit).contains(&quantity) {
            return Err(ShippingRejection::QuantityOutOfRange {
                line,
                quantity,
                limit,
            });
        }
        if self.unit_price.is_negative() {
            return Err(ShippingRejection::PriceNegative { line });
        }
        let amount = self.unit_price.amount(quantity, currency);
        let amount = amount.map_err(|Overflow| ShippingRejection::AmountOverflow)?;
        let discount = self.discount;
        if !(0..=amount).contains(&discount) {
            return Err(ShippingRejection::DiscountOutOfRange {
                line,
                discount,
                amount,
            });
        }
        Ok(amount - discount)
    }
}

impl PricedLine {
    /// So many units of a line that an order has, with so much of a discount; none
    /// of one that was stored otherwise than lines are.
    pub fn of_order(line: &OrderedLine, quantity: i64, discount: i64) -> Option<Self> {
        Some(Self {
            sku: line.sku.as_str().try_into().ok()?,
            quantity,
            unit_price: Price::try_from(&line.unit_price).ok()?,
            discount,
        })
    }
}

/// A line that is to be ordered.
impl From<&NewLine> for PricedLine {
    fn from(line: &NewLine) -> Self {
        Self {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount: line.discount,
        }
    }
}
