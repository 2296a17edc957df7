//! What can go wrong with a shop that is made up.

use crate::bulk::BulkError;
use domain::{
    country::InvalidCountry,
    money::{InvalidPercent, Overflow, UnknownCurrency},
    shipping::{ShippingRejection, Unreadable},
    text::InvalidText,
};

/// Why a shop is not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Arguments that make no shop.
    #[error("{0}")]
    Arguments(&'static str),
    /// What the shop is made of cannot be read: a fault of this release.
    #[error("the sample data cannot be read")]
    Data(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system cannot be asked, or is none.
    #[error(transparent)]
    System(#[from] BulkError),
}

macro_rules! of_data {
    ($($source:ty),+ $(,)?) => {
        $(impl From<$source> for SeedError {
            fn from(source: $source) -> Self {
                Self::Data(Box::new(source))
            }
        })+
    };
}
of_data!(
    serde_json::Error,
    time::error::Format,
    InvalidCountry,
    InvalidPercent,
    InvalidText,
    Overflow,
    ShippingRejection,
    UnknownCurrency,
    Unreadable,
);
