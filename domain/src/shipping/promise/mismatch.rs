//! What a promise does not hold for.

use serde_json::{Value, json};

/// What of an order is not as it was promised. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum Mismatch {
    #[error("the quote is for another platform")]
    Platform,
    #[error("the quote is in another currency")]
    Currency,
    #[error("the quote is for other articles, quantities, prices or discounts")]
    Lines,
    #[error("the quote is for another country, region or postal code")]
    Destination,
    #[error("the quote is for another method")]
    Method,
    #[error("the method has another name in the quote")]
    Name,
    #[error("another charge was quoted")]
    Amount { promised: i64, given: i64 },
    #[error("another tax was quoted")]
    Tax { promised: i64, given: i64 },
}

impl Mismatch {
    /// What it is that differs, for programs.
    pub const fn part(&self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Currency => "currency",
            Self::Lines => "lines",
            Self::Destination => "destination",
            Self::Method => "method",
            Self::Name => "name",
            Self::Amount { .. } => "amount",
            Self::Tax { .. } => "tax",
        }
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Amount { promised, given } | Self::Tax { promised, given } => {
                vec![("promised", json!(promised)), ("given", json!(given))]
            }
            _ => Vec::new(),
        }
    }
}
