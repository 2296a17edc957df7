//! Commands: what may be asked of a zone.

use crate::{
    country::Country,
    shipping::{region::Region, unreadable::Unreadable},
    text::{Id, Words},
};
use contracts::shipping::zone::{PostalCodes, ShippingZone as Published};

/// Any command of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShippingZoneCommand {
    /// Make it, or make it so.
    Save(Box<NewZone>),
    /// Change some of it.
    Change(Box<ChangeZone>),
    /// Take it out of use.
    Archive,
    /// Take it into use again.
    Restore,
}

/// All of a zone, as a command gives it. What it names is a union, in any
/// order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewZone {
    /// The shop's own id of it.
    pub id: Id,
    /// Name.
    pub name: Words,
    /// Whole countries.
    pub countries: Vec<Country>,
    /// Parts of countries.
    pub regions: Vec<Region>,
    /// Postal codes.
    pub postal_codes: Vec<NewPostalCodes>,
    /// Whether it is for every place that no other zone names.
    pub rest_of_world: bool,
}

/// Postal codes as a command gives them, in any case and with any separators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPostalCodes {
    /// All that begin alike.
    Beginning {
        /// Where.
        country: Country,
        /// How they begin.
        prefix: Id,
    },
    /// All whose beginning lies between two others, both included.
    Range {
        /// Where.
        country: Country,
        /// The first beginning.
        from: Id,
        /// The last one.
        to: Id,
    },
}

/// What of a zone is to be another; lists are given whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeZone {
    /// Name.
    pub name: Option<Words>,
    /// Whole countries.
    pub countries: Option<Vec<Country>>,
    /// Parts of countries.
    pub regions: Option<Vec<Region>>,
    /// Postal codes.
    pub postal_codes: Option<Vec<NewPostalCodes>>,
    /// Whether it is for every place that no other zone names.
    pub rest_of_world: Option<bool>,
}

impl ChangeZone {
    /// The zone with these changes.
    pub(super) fn applied_to(self, zone: NewZone) -> NewZone {
        NewZone {
            id: zone.id,
            name: self.name.unwrap_or(zone.name),
            countries: self.countries.unwrap_or(zone.countries),
            regions: self.regions.unwrap_or(zone.regions),
            postal_codes: self.postal_codes.unwrap_or(zone.postal_codes),
            rest_of_world: self.rest_of_world.unwrap_or(zone.rest_of_world),
        }
    }
}

impl NewZone {
    /// What a zone has now, as a command would give it.
    pub(super) fn of(published: &Published) -> Result<Self, Unreadable> {
        let country = |code: &String| Country::try_from(code.clone());
        let countries: Result<Vec<_>, _> = published.countries.iter().map(country).collect();
        let regions = published.regions.iter();
        let regions: Result<Vec<_>, _> = regions.map(|r| Region::try_from(r.clone())).collect();
        let postal_codes = published.postal_codes.iter().map(NewPostalCodes::of);
        Ok(Self {
            id: published.id.as_str().try_into()?,
            name: published.name.as_str().try_into()?,
            countries: countries?,
            regions: regions?,
            postal_codes: postal_codes.collect::<Result<_, _>>()?,
            rest_of_world: published.rest_of_world,
        })
    }
}

impl NewPostalCodes {
    fn of(codes: &PostalCodes) -> Result<Self, Unreadable> {
        Ok(match codes {
            PostalCodes::Beginning { country, prefix } => Self::Beginning {
                country: country.clone().try_into()?,
                prefix: prefix.as_str().try_into()?,
            },
            PostalCodes::Range { country, from, to } => Self::Range {
                country: country.clone().try_into()?,
                from: from.as_str().try_into()?,
                to: to.as_str().try_into()?,
            },
        })
    }
}
