//! Who sells on a platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who sells on a platform, and how its documents look. All of it is printed on
/// what customers get: nothing here is secret, or data of customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Seller {
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
    /// What stands at the foot of each page, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footer: Vec<String>,
    /// Name of the file of its logo, PNG or JPEG, among those that the
    /// deployment has for documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Language, numbers and dates: a BCP 47 tag.
    pub locale: String,
    /// Size of the pages.
    pub paper: PaperSize,
    /// What stands before the number of an invoice; none: the platform's slug
    /// and a hyphen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_prefix: Option<String>,
    /// The rates that tax is charged at, in percent: `"20"`, `"5.5"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax_rates: Vec<String>,
    /// Names of the files of fonts, for scripts that the embedded one does not
    /// have, among those that the deployment has for documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fonts: Vec<String>,
}

/// Size of a page.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PaperSize {
    /// ISO 216 A4.
    #[default]
    A4,
    /// US letter.
    Letter,
}
