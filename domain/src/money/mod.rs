//! Money: integer minor units, exact unit prices, one rounding.

mod allocate;
mod percent;
mod price;

pub use allocate::{allocate, prorate};
pub use contracts::currency::{Currency, UnknownCurrency};
pub use percent::{InvalidPercent, Percent};
pub use price::{InvalidPrice, Price};

use price::divide_half_even;

/// A sum that does not fit 64 bits of minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is too large")]
pub struct Overflow;

/// The sum of `amounts`, or [`Overflow`].
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, Overflow> {
    let total: i128 = amounts.into_iter().map(i128::from).sum();
    i64::try_from(total).map_err(|_| Overflow)
}
