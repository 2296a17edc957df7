//! The formats that can be imported. A new one is a module with a
//! [`Source`](super::Source) of its own and a variant of [`Format`].

pub(super) mod mapped;
pub(super) mod ndjson;
pub mod online_retail;
pub(super) mod shopify;

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The CSV of the UCI Online Retail data set.
    OnlineRetail,
    /// Bodies of `POST /v1/orders/import`, one a line.
    Ndjson,
    /// CSV with a mapping file.
    Csv,
    /// Orders of Shopify's Admin REST API.
    Shopify,
    /// The result of a query, with a mapping file.
    Sql,
}

/// A name that is not one of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known format")]
pub struct UnknownFormat;

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::OnlineRetail,
        Self::Ndjson,
        Self::Csv,
        Self::Shopify,
        Self::Sql,
    ];

    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlineRetail => "online-retail",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Shopify => "shopify",
            Self::Sql => "sql",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|f| f.name() == name);
        found.ok_or(UnknownFormat)
    }
}
