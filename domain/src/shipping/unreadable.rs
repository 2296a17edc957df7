//! Stored or published content that cannot be worked with.

use super::{region::InvalidRegion, rejection::ShippingRejection};
use crate::{
    country::InvalidCountry,
    money::{InvalidPercent, UnknownCurrency},
    text::InvalidText,
};

/// A zone or method that was stored and that today's rules do not take.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unreadable {
    /// An id or a name.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// A country.
    #[error(transparent)]
    Country(#[from] InvalidCountry),
    /// A region.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// A currency.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
    /// A percentage.
    #[error(transparent)]
    Percent(#[from] InvalidPercent),
    /// The whole of it.
    #[error(transparent)]
    Rule(#[from] ShippingRejection),
}
