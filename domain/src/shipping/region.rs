//! Parts of countries: ISO 3166-2.

use crate::country::Country;
use serde::{Deserialize, Serialize};

/// A subdivision of a country, such as `US-CA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region {
    country: Country,
    part: String,
}

/// Text that has not the shape of such a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is an ISO 3166-2 code such as \"US-CA\"")]
pub struct InvalidRegion;

impl Region {
    /// The country that it is a part of; unknown where its code is.
    pub const fn country(&self) -> &Country {
        &self.country
    }

    /// The region that an address in `country` names as `text`: the code, with
    /// or without the country, in any case. None where that is no code (the
    /// region's name), or one of another country.
    pub fn of_address(country: &Country, text: &str) -> Option<Self> {
        let text = text.trim();
        let region = match text.split_once('-') {
            Some(_) => Self::try_from(text.to_owned()).ok()?,
            None => Self {
                country: country.clone(),
                part: part(text)?,
            },
        };
        (region.country == *country).then_some(region)
    }
}

/// One to three letters or digits, upper case.
fn part(text: &str) -> Option<String> {
    let fits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_ascii_uppercase())
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        let (country, rest) = text.split_once('-').ok_or(InvalidRegion)?;
        let country = Country::try_from(country.to_owned()).map_err(|_| InvalidRegion)?;
        let part = part(rest).ok_or(InvalidRegion)?;
        Ok(Self { country, part })
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        format!("{}-{}", region.country.code(), region.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_country_and_up_to_three_letters_or_digits() {
        let read = |text: &str| Region::try_from(text.to_owned()).map(String::from);
        assert_eq!(read("us-ca").as_deref(), Ok("US-CA"));
        assert_eq!(read("FR-2A").as_deref(), Ok("FR-2A"));
        for text in ["", "US", "US-", "US-CALI", "USA-CA", "US-C A", "US-Ä"] {
            assert_eq!(read(text), Err(InvalidRegion), "{text:?}");
        }
    }

    #[test]
    fn an_address_may_leave_the_country_out() {
        let country = |code: &str| Country::try_from(code.to_owned()).expect("valid");
        let read = |text| Region::of_address(&country("US"), text).map(String::from);
        assert_eq!(read(" ca ").as_deref(), Some("US-CA"));
        assert_eq!(read("us-ca").as_deref(), Some("US-CA"));
        assert_eq!(read("CA-ON"), None, "of another country");
        assert_eq!(read("California"), None, "a name");
        assert_eq!(read(""), None);
    }
}
