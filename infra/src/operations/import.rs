//! What an import is told beside its file.

use super::record::named;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a file of orders is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportFormat {
    /// Bodies of `POST /v1/orders/import`, one a line.
    Ndjson,
    /// CSV with a mapping.
    Csv,
    /// Orders of Shopify's Admin REST API.
    Shopify,
    /// The CSV of the UCI Online Retail data set.
    OnlineRetail,
}
named!(ImportFormat: Ndjson "ndjson", Csv "csv", Shopify "shopify", OnlineRetail "online-retail");

/// How the file of an import is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportTerms {
    /// Its format.
    pub format: ImportFormat,
    /// Which column is which field, as TOML or JSON: of `csv`, null of others.
    pub mapping: Option<String>,
    /// Slug of the sales channel that the orders belong to: of `shopify`, null of
    /// formats that say it themselves.
    pub platform: Option<String>,
    /// Whether the channel's prices include tax, as it is configured: of `shopify`.
    pub prices_include_tax: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_the_name_that_it_is_asked_for_by() {
        for format in ImportFormat::ALL {
            let told = serde_json::to_value(format).expect("JSON");
            assert_eq!(told, format.name());
            assert_eq!(ImportFormat::named(format.name()), Some(*format));
        }
    }
}
