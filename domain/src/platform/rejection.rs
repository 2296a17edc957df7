//! Why a command is refused: a variant with a stable code and the figures that
//! explain it.

use super::seller::LOCALES;
use crate::order::RejectionKind;
use serde_json::{Value, json};

/// A refused command. Nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum Rejection {
    #[error("there is no such platform")]
    PlatformNotFound,
    #[error("the platform is archived: restore it first")]
    PlatformArchived,
    #[error("a platform keeps its slug: orders, customers and numbers are identified by it")]
    SlugFixed { slug: String, given: String },
    #[error("the country is not one of ISO 3166-1")]
    UnknownCountry,
    #[error("a time must be from {least} to {limit} seconds")]
    SecondsOutOfRange {
        member: &'static str,
        seconds: u64,
        least: u64,
        limit: u64,
    },
    #[error(
        "a number prefix has 1 to {limit} characters, no blanks or control characters, and does \
         not end in a digit"
    )]
    InvalidNumberPrefix { limit: usize },
    #[error("a rate limit is 1 to {most_requests} requests in 1 to {longest_window} seconds")]
    RateLimitOutOfRange {
        requests: u32,
        window_seconds: u32,
        most_requests: u32,
        longest_window: u32,
    },
    #[error("a seller has an address")]
    SellerAddressMissing,
    #[error("a text of 1 to {limit} characters without control characters is expected")]
    InvalidSellerText {
        /// Where in the seller.
        at: String,
        limit: usize,
    },
    #[error("at most {limit} are expected")]
    TooManyOfSeller {
        member: &'static str,
        given: usize,
        limit: usize,
    },
    #[error("no documents are made in this language")]
    UnknownLocale { given: String },
    #[error("at most {limit} characters without control characters are expected")]
    InvalidInvoicePrefix { limit: usize },
    #[error("a rate is \"0\" or a percentage with at most three digits behind the point")]
    InvalidTaxRate { index: usize },
    #[error("the name of a file is expected, without a folder")]
    InvalidFileName {
        /// Where in the seller.
        at: String,
    },
}

impl Rejection {
    /// Every code that [`Self::code`] can tell.
    pub const CODES: &[&str] = &[
        "platform_not_found",
        "platform_archived",
        "slug_fixed",
        "unknown_country",
        "seconds_out_of_range",
        "invalid_number_prefix",
        "rate_limit_out_of_range",
        "seller_address_missing",
        "invalid_seller_text",
        "too_many_of_seller",
        "unknown_locale",
        "invalid_invoice_prefix",
        "invalid_tax_rate",
        "invalid_file_name",
    ];

    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PlatformNotFound => "platform_not_found",
            Self::PlatformArchived => "platform_archived",
            Self::SlugFixed { .. } => "slug_fixed",
            Self::UnknownCountry => "unknown_country",
            Self::SecondsOutOfRange { .. } => "seconds_out_of_range",
            Self::InvalidNumberPrefix { .. } => "invalid_number_prefix",
            Self::RateLimitOutOfRange { .. } => "rate_limit_out_of_range",
            Self::SellerAddressMissing => "seller_address_missing",
            Self::InvalidSellerText { .. } => "invalid_seller_text",
            Self::TooManyOfSeller { .. } => "too_many_of_seller",
            Self::UnknownLocale { .. } => "unknown_locale",
            Self::InvalidInvoicePrefix { .. } => "invalid_invoice_prefix",
            Self::InvalidTaxRate { .. } => "invalid_tax_rate",
            Self::InvalidFileName { .. } => "invalid_file_name",
        }
    }

    /// Which answer it is.
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::PlatformNotFound => RejectionKind::NotFound,
            Self::PlatformArchived => RejectionKind::Conflict,
            _ => RejectionKind::Invalid,
        }
    }

    /// JSON Pointer to the offending part of the command, where there is one.
    pub fn pointer(&self) -> Option<String> {
        Some(match self {
            Self::PlatformNotFound | Self::PlatformArchived => return None,
            Self::SlugFixed { .. } => "/slug".to_owned(),
            Self::UnknownCountry => "/country".to_owned(),
            Self::SecondsOutOfRange { member, .. } => format!("/{member}"),
            Self::InvalidNumberPrefix { .. } => "/number_prefix".to_owned(),
            Self::RateLimitOutOfRange { .. } => "/rate_limit".to_owned(),
            Self::SellerAddressMissing => "/seller/address".to_owned(),
            Self::InvalidSellerText { at, .. } | Self::InvalidFileName { at } => {
                format!("/seller/{at}")
            }
            Self::TooManyOfSeller { member, .. } => format!("/seller/{member}"),
            Self::UnknownLocale { .. } => "/seller/locale".to_owned(),
            Self::InvalidInvoicePrefix { .. } => "/seller/invoice_prefix".to_owned(),
            Self::InvalidTaxRate { index } => format!("/seller/tax_rates/{index}"),
        })
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::SlugFixed { slug, given } => {
                vec![("slug", json!(slug)), ("given", json!(given))]
            }
            Self::SecondsOutOfRange {
                seconds,
                least,
                limit,
                ..
            } => vec![
                ("seconds", json!(seconds)),
                ("least", json!(least)),
                ("limit", json!(limit)),
            ],
            Self::InvalidNumberPrefix { limit }
            | Self::InvalidSellerText { limit, .. }
            | Self::InvalidInvoicePrefix { limit } => vec![("limit", json!(limit))],
            Self::RateLimitOutOfRange {
                requests,
                window_seconds,
                most_requests,
                longest_window,
            } => vec![
                ("requests", json!(requests)),
                ("window_seconds", json!(window_seconds)),
                ("most_requests", json!(most_requests)),
                ("longest_window", json!(longest_window)),
            ],
            Self::TooManyOfSeller { given, limit, .. } => {
                vec![("given", json!(given)), ("limit", json!(limit))]
            }
            Self::UnknownLocale { given } => {
                vec![("given", json!(given)), ("known", json!(LOCALES))]
            }
            _ => Vec::new(),
        }
    }
}
