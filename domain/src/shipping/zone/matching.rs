//! Which zone a place is in.

use super::content::Zone;
use crate::shipping::destination::Destination;

/// How narrow the rule is by which a zone takes a place: the less, the
/// narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    /// A prefix or a range of postal codes, and how many codes it has: a longer
    /// prefix has fewer.
    PostalCodes(u128),
    /// A region, and how many regions the zone names.
    Region(usize),
    /// A country, and how many countries the zone names.
    Country(usize),
    /// The rest of the world.
    Rest,
}

impl Zone {
    /// The narrowest rule by which the zone takes the place, in use or not;
    /// none where it does not.
    pub fn specificity(&self, place: &Destination) -> Option<Specificity> {
        let codes = place.postal().and_then(|key| {
            let here = self.postal_codes.iter();
            let here = here.filter(|range| range.country() == place.country());
            here.filter_map(|range| range.codes_around(key)).min()
        });
        let region = || {
            let region = place.region()?;
            let found = self.regions.binary_search(region).is_ok();
            found.then_some(Specificity::Region(self.regions.len()))
        };
        let country = || {
            let found = self.countries.binary_search(place.country()).is_ok();
            found.then_some(Specificity::Country(self.countries.len()))
        };
        codes
            .map(Specificity::PostalCodes)
            .or_else(region)
            .or_else(country)
            .or_else(|| self.rest_of_world.then_some(Specificity::Rest))
    }
}

/// The zone that a place is in: of those in use the one that takes it by the
/// narrowest rule; of equally narrow ones that with the first id, in the order
/// of bytes. One place has one zone: what does not ship to it does not ship to
/// the place, even if it ships to a wider one around it.
pub fn zone_of<'a>(place: &Destination, zones: &'a [Zone]) -> Option<&'a Zone> {
    let in_use = zones.iter().filter(|zone| !zone.archived);
    let taking = in_use.filter_map(|zone| Some((zone.specificity(place)?, zone)));
    let narrowest = taking.min_by(|(a, one), (b, other)| a.cmp(b).then(one.id.cmp(&other.id)));
    narrowest.map(|(_, zone)| zone)
}
