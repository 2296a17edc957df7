//! Where a basket goes, as far as shipping looks at it.

use super::{postal, region::Region};
use crate::country::Country;
use serde::{Deserialize, Serialize};

/// A place: its country, and its region and postal code where they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Compared", into = "Compared")]
pub struct Destination {
    country: Country,
    region: Option<Region>,
    postal: Option<String>,
}

/// A place as it is compared: country, region, key of the postal code.
type Compared = (Country, Option<Region>, Option<String>);

impl From<Compared> for Destination {
    fn from((country, region, postal): Compared) -> Self {
        Self {
            country,
            region,
            postal,
        }
    }
}

impl From<Destination> for Compared {
    fn from(place: Destination) -> Self {
        (place.country, place.region, place.postal)
    }
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
