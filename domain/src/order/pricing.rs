//! What lines cost, and how discounts fall on them.

use super::{
    rejection::Rejection,
    state::{Head, LineState},
};
use crate::money::{self, Overflow, Percent, Price};
use contracts::order::{Allocation, Discount};

/// The amounts of a line, minor units, for `units` of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Units × unit price.
    pub amount: i64,
    /// The line's own discount.
    pub discount: i64,
    /// Tax.
    pub tax: i64,
}

/// What `units` of a line of a sale cost: the price is exact, discount and
/// tax are in proportion to what was given, rounded half to even.
pub fn for_units(state: &LineState, units: i64, head: &Head) -> Result<Amounts, Overflow> {
    let price = Price::try_from(&state.line.unit_price).map_err(|_| Overflow)?;
    let amount = price.amount(units, head.currency)?;
    // Rounding may lift either a penny above a cheap line.
    let discount = state.discount_rate.of(units)?.min(amount);
    let tax = state.tax_rate.of(units)?;
    let most = if head.prices_include_tax {
        amount - discount
    } else {
        i64::MAX
    };
    Ok(Amounts {
        amount,
        discount,
        tax: tax.min(most),
    })
}

/// The discounts as they stand on these lines: each on what the earlier ones
/// leave, never more than that, shares by largest remainder.
pub fn discounts(lines: &[LineState], granted: &[Discount]) -> Result<Vec<Discount>, Rejection> {
    let mut left: Vec<(&str, i64)> = lines
        .iter()
        .map(|l| (l.line.id.as_str(), (l.line.amount - l.line.discount).max(0)))
        .collect();
    let mut stand = Vec::with_capacity(granted.len());
    for discount in granted {
        let on = |line: &str| discount.line.as_deref().is_none_or(|only| only == line);
        let weights: Vec<i64> = left
            .iter()
            .map(|(line, net)| if on(line) { *net } else { 0 })
            .collect();
        let base = money::sum(weights.iter().copied()).map_err(overflow)?;
        let amount = wanted(discount, base).map_err(overflow)?.min(base);
        let shares = money::allocate(amount, &weights).map_err(overflow)?;
        let mut allocations = Vec::new();
        for ((line, net), share) in left.iter_mut().zip(shares) {
            if share > 0 {
                *net -= share;
                allocations.push(Allocation {
                    line: (*line).to_owned(),
                    amount: share,
                });
            }
        }
        stand.push(Discount {
            amount,
            allocations,
            ..discount.clone()
        });
    }
    Ok(stand)
}

/// What a discount would come to on `base`, if that is enough.
fn wanted(discount: &Discount, base: i64) -> Result<i64, Overflow> {
    match (&discount.percent, discount.fixed) {
        (Some(percent), _) => {
            let percent: Percent = percent.parse().map_err(|_| Overflow)?;
            percent.of(base)
        }
        (None, Some(fixed)) => Ok(fixed),
        (None, None) => Ok(0),
    }
}

/// A sum that does not fit, as a refusal.
pub const fn overflow(_: Overflow) -> Rejection {
    Rejection::AmountOverflow { line: None }
}
