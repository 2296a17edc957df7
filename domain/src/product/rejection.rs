//! Why a command is refused: a variant with a stable code and the figures that
//! explain it.

use crate::order::RejectionKind;
use serde_json::{Value, json};

/// A refused command. Nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum Rejection {
    #[error("there is no such product")]
    ProductNotFound,
    #[error("the product is archived: restore it first")]
    ProductArchived,
    #[error("a product keeps its SKU: order lines and price lists name it")]
    SkuFixed { sku: String, given: String },
    #[error("a weight must be from 0 to {limit} grams")]
    WeightOutOfRange { weight_grams: i64, limit: i64 },
    #[error("a side must be from 1 to {limit} millimetres")]
    DimensionOutOfRange {
        side: &'static str,
        millimetres: i64,
        limit: i64,
    },
    #[error("a price must not be negative")]
    NegativePrice {
        /// Which of several; none: the only one.
        index: Option<usize>,
    },
    #[error("a product has one price for each platform and currency")]
    DuplicatePrice {
        index: usize,
        platform: Option<String>,
        currency: String,
    },
    #[error("a product has at most {limit} prices")]
    TooManyPrices { prices: usize, limit: usize },
}

impl Rejection {
    /// Every code that [`Self::code`] can tell.
    pub const CODES: &[&str] = &[
        "product_not_found",
        "product_archived",
        "sku_fixed",
        "weight_out_of_range",
        "dimension_out_of_range",
        "negative_price",
        "duplicate_price",
        "too_many_prices",
    ];

    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ProductNotFound => "product_not_found",
            Self::ProductArchived => "product_archived",
            Self::SkuFixed { .. } => "sku_fixed",
            Self::WeightOutOfRange { .. } => "weight_out_of_range",
            Self::DimensionOutOfRange { .. } => "dimension_out_of_range",
            Self::NegativePrice { .. } => "negative_price",
            Self::DuplicatePrice { .. } => "duplicate_price",
            Self::TooManyPrices { .. } => "too_many_prices",
        }
    }

    /// Which answer it is.
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::ProductNotFound => RejectionKind::NotFound,
            Self::ProductArchived => RejectionKind::Conflict,
            _ => RejectionKind::Invalid,
        }
    }

    /// JSON Pointer to the offending part of the command, where there is one.
    pub fn pointer(&self) -> Option<String> {
        Some(match self {
            Self::ProductNotFound | Self::ProductArchived => return None,
            Self::SkuFixed { .. } => "/sku".to_owned(),
            Self::WeightOutOfRange { .. } => "/weight_grams".to_owned(),
            Self::DimensionOutOfRange { side, .. } => format!("/dimensions/{side}"),
            Self::NegativePrice { index: None } => "/unit_price".to_owned(),
            Self::NegativePrice { index: Some(index) } => format!("/prices/{index}/unit_price"),
            Self::DuplicatePrice { index, .. } => format!("/prices/{index}"),
            Self::TooManyPrices { .. } => "/prices".to_owned(),
        })
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::SkuFixed { sku, given } => vec![("sku", json!(sku)), ("given", json!(given))],
            Self::WeightOutOfRange {
                weight_grams,
                limit,
            } => vec![
                ("weight_grams", json!(weight_grams)),
                ("limit", json!(limit)),
            ],
            Self::DimensionOutOfRange {
                millimetres, limit, ..
            } => vec![("millimetres", json!(millimetres)), ("limit", json!(limit))],
            Self::DuplicatePrice {
                platform, currency, ..
            } => vec![("platform", json!(platform)), ("currency", json!(currency))],
            Self::TooManyPrices { prices, limit } => {
                vec![("prices", json!(prices)), ("limit", json!(limit))]
            }
            _ => Vec::new(),
        }
    }
}
