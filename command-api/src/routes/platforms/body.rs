//! Parts of a platform as requests have them.

use contracts::platform::{PaperSize, RateLimit, Seller};
use serde::Deserialize;
use utoipa::ToSchema;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"requests": 600, "window_seconds": 60}))]
pub struct RateLimitBody {
    /// Requests in a window.
    requests: u32,
    /// Length of a window in seconds, at most a day.
    window_seconds: u32,
}

impl From<RateLimitBody> for RateLimit {
    fn from(body: RateLimitBody) -> Self {
        let RateLimitBody {
            requests,
            window_seconds,
        } = body;
        Self {
            requests,
            window_seconds,
        }
    }
}

/// Who sells, and how documents look. All of it is printed on what customers
/// get.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Lamps & Co. Ltd", "address": ["1 High Street", "London SW1Y 4JH"], "vat_id": "GB123456789", "locale": "en-GB", "tax_rates": ["20"]}))]
pub struct SellerBody {
    /// Legal name.
    name: String,
    /// Postal address, line by line.
    address: Vec<String>,
    /// VAT identification number.
    vat_id: Option<String>,
    /// Where the company is registered, and under which number.
    registration: Option<String>,
    /// How it is reached, line by line.
    #[serde(default)]
    contact: Vec<String>,
    /// What stands at the foot of each page, line by line.
    #[serde(default)]
    footer: Vec<String>,
    /// Name of the file of its logo, among those that the deployment has for
    /// documents.
    logo: Option<String>,
    /// Language, numbers and dates: a BCP 47 tag.
    locale: String,
    /// Size of the pages; A4, if absent.
    #[serde(default)]
    paper: PaperSize,
    /// What stands before the number of an invoice; the slug and a hyphen, if
    /// absent.
    invoice_prefix: Option<String>,
    /// The rates that tax is charged at, in percent.
    #[serde(default)]
    tax_rates: Vec<String>,
    /// Names of the files of fonts, among those that the deployment has for
    /// documents.
    #[serde(default)]
    fonts: Vec<String>,
}

impl From<SellerBody> for Seller {
    fn from(body: SellerBody) -> Self {
        Self {
            name: body.name,
            address: body.address,
            vat_id: body.vat_id,
            registration: body.registration,
            contact: body.contact,
            footer: body.footer,
            logo: body.logo,
            locale: body.locale,
            paper: body.paper,
            invoice_prefix: body.invoice_prefix,
            tax_rates: body.tax_rates,
            fonts: body.fonts,
        }
    }
}
