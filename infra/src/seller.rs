//! Who sells on a channel: what its documents say. Values; read-api makes
//! documents of them.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who sells on a channel, and how its documents look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SellerSettings {
    /// Legal name.
    pub name: String,
    /// Postal address, line by line.
    pub address: Vec<String>,
    /// VAT identification number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<String>,
    /// Where the company is registered, and under which number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// How it is reached, line by line.
    #[serde(default)]
    pub contact: Vec<String>,
    /// What stands at the foot of each page, line by line.
    #[serde(default)]
    pub footer: Vec<String>,
    /// File of its logo: PNG or JPEG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<PathBuf>,
    /// Language, numbers and dates: a BCP 47 tag.
    #[serde(default = "british")]
    pub locale: String,
    /// Size of the pages.
    #[serde(default)]
    pub paper: PaperSize,
    /// What stands before the number of an invoice; none: the channel's slug and
    /// a hyphen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_prefix: Option<String>,
    /// The rates that tax is charged at, in percent.
    #[serde(default)]
    pub tax_rates: Vec<String>,
    /// Files of fonts, for scripts that the embedded one does not have.
    #[serde(default)]
    pub fonts: Vec<PathBuf>,
}

/// Size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperSize {
    /// ISO 216 A4.
    #[default]
    A4,
    /// US letter.
    Letter,
}

fn british() -> String {
    "en-GB".into()
}
