//! Where a basket goes, as far as shipping looks at it.

use super::{postal, region::Region};
use crate::country::Country;

/// A place: its country, and its region and postal code where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    country: Country,
    region: Option<Region>,
    postal: Option<String>,
}

impl Destination {
    /// The place of an address. A region counts if it is an ISO 3166-2 code,
    /// with or without its country; a postal code if it is one of letters and
    /// digits, and of the country's form where that is known. What is no such
    /// thing is as if it were not there.
    pub fn new(country: Country, region: Option<&str>, postal_code: Option<&str>) -> Self {
        let region = region.and_then(|text| Region::of_address(&country, text));
        let postal = postal_code.and_then(|text| postal::key(&country, text));
        Self {
            country,
            region,
            postal,
        }
    }

    /// Its country.
    pub const fn country(&self) -> &Country {
        &self.country
    }

    /// Its region.
    pub const fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// Its postal code, as codes are compared.
    pub(super) fn postal(&self) -> Option<&str> {
        self.postal.as_deref()
    }
}
