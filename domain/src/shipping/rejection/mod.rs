//! Why a command about shipping, or a request for a quote, is refused: a
//! variant with a stable code and the figures that explain it.

mod told;

use super::unreadable::Unreadable;

/// A refused command or request. Nothing is stored. Amounts in minor units,
/// weights in grams; `at` is a JSON Pointer into the command's body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum ShippingRejection {
    // --- which one --------------------------------------------------------
    #[error("there is no such shipping zone")]
    ZoneNotFound,
    #[error("there is no such shipping method")]
    MethodNotFound,
    #[error("the shipping zone is archived: restore it first")]
    ZoneArchived,
    #[error("the shipping method is archived: restore it first")]
    MethodArchived,
    #[error("what was saved is not what this release takes: save all of it anew")]
    ContentOutdated,
    // --- zones ------------------------------------------------------------
    #[error("a zone names countries, regions or postal codes, or is the rest of the world")]
    ZoneEmpty,
    #[error("ISO 3166-1 has no such country")]
    UnknownCountry { at: String },
    #[error("a postal code consists of letters and digits, in the form of its country")]
    PostalCodeMalformed { at: String },
    #[error("both ends of a range are of one length, with letters and digits at the same places")]
    PostalRangeUneven { at: String },
    #[error("a range ends behind its begin")]
    PostalRangeReversed { at: String },
    // --- methods ----------------------------------------------------------
    #[error("a method ships to at least one zone")]
    NoZones,
    #[error("a method has at least one rate")]
    NoRates,
    #[error("a method has one rate in a currency")]
    CurrencyTwice { at: String, currency: String },
    #[error("a tariff has at least one tier")]
    NoTiers { at: String },
    #[error("each tier ends behind the one before it")]
    TiersNotAscending {
        at: String,
        up_to: i64,
        previous: i64,
    },
    #[error("only the last tier has no end")]
    OpenTierNotLast { at: String },
    #[error("the largest must not be below the smallest")]
    BoundsReversed { at: String, min: i64, max: i64 },
    #[error("a parcel may weigh at least one gram")]
    ParcelWeightNotPositive { at: String, weight: i64 },
    #[error("a number of days must be from 0 to {limit}")]
    DaysOutOfRange { at: String, days: i64, limit: i64 },
    // --- all --------------------------------------------------------------
    #[error("an amount must not be negative")]
    AmountNegative { at: String, amount: i64 },
    #[error("a weight must not be negative")]
    WeightNegative { at: String, weight: i64 },
    #[error("at most {limit} are taken")]
    TooMany {
        at: String,
        given: usize,
        limit: usize,
    },
    // --- baskets ----------------------------------------------------------
    #[error("a basket needs at least one line")]
    NoLines,
    #[error("a basket has at most {limit} lines")]
    TooManyLines { lines: usize, limit: usize },
    #[error("a quantity must be from 1 to {limit}")]
    QuantityOutOfRange {
        line: usize,
        quantity: i64,
        limit: i64,
    },
    #[error("a unit price must not be negative")]
    PriceNegative { line: usize },
    #[error("a discount must lie between zero and the amount of its line")]
    DiscountOutOfRange {
        line: usize,
        discount: i64,
        amount: i64,
    },
    #[error("a stock keeping unit has one weight")]
    WeightsDiffer { line: usize, sku: String },
    #[error("the amount is too large")]
    AmountOverflow,
}

/// What is stored cannot be changed in part.
impl From<Unreadable> for ShippingRejection {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Rule(rejection) => rejection,
            _ => Self::ContentOutdated,
        }
    }
}
