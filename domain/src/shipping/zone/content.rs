//! What a zone consists of: checked, and as it is stored.

use super::command::{NewPostalCodes, NewZone};
use crate::{
    country::Country,
    shipping::{
        check::{as_set, at_most},
        postal::PostalRange,
        region::Region,
        rejection::ShippingRejection,
        unreadable::Unreadable,
    },
    text::{Id, Words},
};
use contracts::shipping::zone::ShippingZone as Published;

/// Countries that a zone may name: more than there are.
const MAX_COUNTRIES: usize = 300;
/// Regions that a zone may name.
const MAX_REGIONS: usize = 1_000;
/// Prefixes and ranges of postal codes that a zone may name.
const MAX_POSTAL_CODES: usize = 5_000;

/// A zone that is checked and can be matched with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    pub(super) id: Id,
    name: Words,
    pub(super) countries: Vec<Country>,
    pub(super) regions: Vec<Region>,
    pub(super) postal_codes: Vec<PostalRange>,
    pub(super) rest_of_world: bool,
    pub(super) archived: bool,
}

impl Zone {
    /// The zone of this content, in use.
    ///
    /// # Errors
    /// Content that cannot be one, with a pointer to the part at fault.
    pub fn new(new: NewZone) -> Result<Self, ShippingRejection> {
        at_most("/countries", &new.countries, MAX_COUNTRIES)?;
        at_most("/regions", &new.regions, MAX_REGIONS)?;
        at_most("/postal_codes", &new.postal_codes, MAX_POSTAL_CODES)?;
        for (index, country) in new.countries.iter().enumerate() {
            known(country, || format!("/countries/{index}"))?;
        }
        for (index, region) in new.regions.iter().enumerate() {
            known(region.country(), || format!("/regions/{index}"))?;
        }
        let postal_codes = new.postal_codes.iter().enumerate();
        let postal_codes: Result<Vec<PostalRange>, ShippingRejection> = postal_codes
            .map(|(index, codes)| postal_range(&format!("/postal_codes/{index}"), codes))
            .collect();
        let zone = Self {
            id: new.id,
            name: new.name,
            countries: as_set(new.countries),
            regions: as_set(new.regions),
            postal_codes: as_set(postal_codes?),
            rest_of_world: new.rest_of_world,
            archived: false,
        };
        let names_places = !zone.countries.is_empty()
            || !zone.regions.is_empty()
            || !zone.postal_codes.is_empty()
            || zone.rest_of_world;
        if !names_places {
            return Err(ShippingRejection::ZoneEmpty);
        }
        Ok(zone)
    }

    /// The zone that was published, in use or out of it.
    ///
    /// # Errors
    /// Content that this release does not take.
    pub fn read(published: &Published) -> Result<Self, Unreadable> {
        let zone = Self::new(NewZone::of(published)?)?;
        Ok(zone.in_use(!published.archived))
    }

    /// As it is published and stored.
    pub fn published(&self) -> Published {
        let countries = self.countries.iter().map(|c| c.code().to_owned());
        let regions = self.regions.iter().cloned().map(String::from);
        let postal_codes = self.postal_codes.iter().map(PostalRange::published);
        Published {
            id: self.id.to_string(),
            name: self.name.to_string(),
            countries: countries.collect(),
            regions: regions.collect(),
            postal_codes: postal_codes.collect(),
            rest_of_world: self.rest_of_world,
            archived: self.archived,
        }
    }

    /// The shop's own id of it.
    pub const fn id(&self) -> &Id {
        &self.id
    }

    /// The same, in use or out of it.
    #[must_use]
    pub fn in_use(self, in_use: bool) -> Self {
        let archived = !in_use;
        Self { archived, ..self }
    }
}

fn known(country: &Country, at: impl FnOnce() -> String) -> Result<(), ShippingRejection> {
    if country.is_known() {
        Ok(())
    } else {
        Err(ShippingRejection::UnknownCountry { at: at() })
    }
}

fn postal_range(at: &str, codes: &NewPostalCodes) -> Result<PostalRange, ShippingRejection> {
    let (NewPostalCodes::Beginning { country, .. } | NewPostalCodes::Range { country, .. }) = codes;
    known(country, || format!("{at}/country"))?;
    match codes {
        NewPostalCodes::Beginning { prefix, .. } => PostalRange::beginning(at, country, prefix),
        NewPostalCodes::Range { from, to, .. } => PostalRange::range(at, country, from, to),
    }
}
