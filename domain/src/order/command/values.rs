//! Values that several commands name.

use crate::money::Currency;
use crate::text::Id;

/// Some units of a line.
#[derive(Debug, Clone)]
pub struct LineUnits {
    /// Id of the line.
    pub line: Id,
    /// How many.
    pub quantity: i64,
}

/// Where a parcel is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTracking {
    /// Who carries it.
    pub carrier: Option<Id>,
    /// The carrier's number.
    pub tracking_number: Option<Id>,
    /// Where to look it up.
    pub tracking_url: Option<Id>,
}

/// An amount, and the currency that the caller believes it to be in.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// How much.
    pub amount: i64,
    /// The caller's currency, if it says so.
    pub currency: Option<Currency>,
}
