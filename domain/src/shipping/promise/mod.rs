//! What an offer promises: this method ships this basket to this place for this
//! charge.
//!
//! A promise says all that an order is held against, so whoever places one can
//! be held to what was offered, and the shop too, whatever became of methods and
//! products since. Who has made it, and until when it holds, is not told here:
//! that is a matter of signatures and clocks.

mod carried;
mod digest;
mod mismatch;

pub use carried::Carried;
pub use digest::Digest;
pub use mismatch::Mismatch;

use super::{destination::Destination, priced::PricedLine, quote::Offer};
use crate::{money::Currency, order::command::NewShipping};
use contracts::order::ChosenQuote;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Goods that are to be sent somewhere, as far as a promise tells them apart
/// from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    platform: Carried,
    currency: Currency,
    lines: Digest,
    place: Destination,
}

/// An offer that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Promise {
    /// What it is for.
    pub consignment: Consignment,
    /// Id of the method.
    pub method: Carried,
    /// Its name.
    pub name: Carried,
    /// The charge, as an order's `shipping.amount`.
    pub amount: i64,
    /// Tax on it, as an order's `shipping.tax`.
    pub tax: i64,
    /// What it was computed from.
    pub from: PromisedFrom,
}

/// Versions of what a promise was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromisedFrom {
    /// Of the method.
    pub method: i64,
    /// Of the zone that the place is in.
    pub zone: i64,
    /// Of the platform; 0 where nobody has saved it.
    pub platform: i64,
}

impl Consignment {
    /// All lines of an order of this platform, and where they go; those too that
    /// go into no parcel.
    pub fn new(
        platform: &str,
        currency: Currency,
        lines: &[PricedLine],
        place: Destination,
    ) -> Self {
        Self {
            platform: Carried::of(platform),
            currency,
            lines: Digest::of_lines(lines, currency),
            place,
        }
    }

    /// Where it goes.
    pub const fn place(&self) -> &Destination {
        &self.place
    }
}

impl Promise {
    /// That `offer` holds for this.
    pub fn new(offer: &Offer, consignment: Consignment, from: PromisedFrom) -> Self {
        Self {
            consignment,
            method: Carried::of(&offer.method),
            name: Carried::of(&offer.name),
            amount: offer.amount,
            tax: offer.tax,
            from,
        }
    }

    /// What an order says of it that was shipped by it; it holds until then.
    pub fn chosen(&self, expires_at: OffsetDateTime) -> ChosenQuote {
        ChosenQuote {
            expires_at,
            method_version: self.from.method,
            zone_version: self.from.zone,
            platform_version: self.from.platform,
            lines: self.consignment.lines.into(),
            destination_changed: false,
        }
    }

    /// Whether it was given for this.
    ///
    /// # Errors
    /// The first thing that is another one.
    pub fn covers(&self, given: &Consignment) -> Result<(), Mismatch> {
        let promised = &self.consignment;
        same(promised.platform == given.platform, Mismatch::Platform)?;
        same(promised.currency == given.currency, Mismatch::Currency)?;
        same(promised.lines == given.lines, Mismatch::Lines)?;
        same(promised.place == given.place, Mismatch::Destination)
    }

    /// Whether this is what it promises.
    ///
    /// # Errors
    /// The first thing that is another one.
    pub fn charges(&self, given: &NewShipping) -> Result<(), Mismatch> {
        same(self.method.is(&given.method), Mismatch::Method)?;
        same(self.name.is(&given.name), Mismatch::Name)?;
        let (promised, tax) = (self.amount, self.tax);
        let amount = Mismatch::Amount {
            promised,
            given: given.amount,
        };
        same(promised == given.amount, amount)?;
        let other = Mismatch::Tax {
            promised: tax,
            given: given.tax,
        };
        same(tax == given.tax, other)
    }
}

fn same(same: bool, mismatch: Mismatch) -> Result<(), Mismatch> {
    if same { Ok(()) } else { Err(mismatch) }
}

/// A promise as it is written: without the names of its parts, so that it is
/// short.
type Written = (
    (Carried, Currency, Digest, Destination),
    (Carried, Carried, i64, i64),
    (i64, i64, i64),
);

impl From<Written> for Promise {
    fn from((of, charge, from): Written) -> Self {
        let (platform, currency, lines, place) = of;
        let (method, name, amount, tax) = charge;
        Self {
            consignment: Consignment {
                platform,
                currency,
                lines,
                place,
            },
            method,
            name,
            amount,
            tax,
            from: PromisedFrom {
                method: from.0,
                zone: from.1,
                platform: from.2,
            },
        }
    }
}

impl From<Promise> for Written {
    fn from(promise: Promise) -> Self {
        let Promise {
            consignment: of,
            method,
            name,
            amount,
            tax,
            from,
        } = promise;
        (
            (of.platform, of.currency, of.lines, of.place),
            (method, name, amount, tax),
            (from.method, from.zone, from.platform),
        )
    }
}
