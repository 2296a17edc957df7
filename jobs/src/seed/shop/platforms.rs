//! Sales channels, and where they sell.

use crate::seed::SeedError;
use domain::{money::Currency, text::Slug};
use serde::Deserialize;
use serde_json::Value;

/// A sales channel.
#[derive(Debug, Deserialize)]
pub struct Platform {
    /// Its slug.
    pub slug: Slug,
    /// How many of a hundred orders are placed there.
    pub share: u32,
    /// Hours that its clocks are ahead of UTC.
    pub utc_offset: i8,
    /// Countries, and how many of a hundred orders come from there.
    pub sells_to: Vec<(String, u32)>,
    /// As `PUT /v1/platforms/{slug}` takes it.
    pub body: Value,
}

impl Platform {
    /// The one currency of its orders; none: that of the customer's country.
    pub fn currency(&self) -> Option<Currency> {
        self.body["currency"].as_str()?.parse().ok()
    }

    /// Whether its prices contain their tax.
    pub fn prices_include_tax(&self) -> bool {
        self.body["prices_include_tax"] == true
    }
}

/// All of them.
pub fn all() -> Result<Vec<Platform>, SeedError> {
    Ok(serde_json::from_str(include_str!("platforms.json"))?)
}
