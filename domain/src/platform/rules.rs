//! What orders are decided by: a platform's rules, with the version that they
//! are of.
//!
//! Whoever decides on an order reads the rules once, decides by them, and
//! records their version with each event that comes of it. So an event says by
//! which configuration it came about, and whether that was a stale one.

use super::{command::SavePlatform, save};
use crate::{
    country::{self, Country},
    money::Currency,
    text::Slug,
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation, Platform, RateLimit};

/// The rules of one platform, as of one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct PlatformRules {
    /// Slug of the platform.
    pub slug: String,
    /// Version of the platform that these are the rules of; 0 where nobody has
    /// saved it.
    pub version: i64,
    /// Whether orders may be placed.
    pub active: bool,
    /// Whether it takes no orders at all.
    pub archived: bool,
    /// The one currency of orders that are placed; none: any.
    pub currency: Option<Currency>,
    /// Where an order is from that names no country.
    pub country: Option<Country>,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// Whether an order is confirmed as soon as it is placed.
    pub auto_confirm: bool,
    /// Whether goods may be shipped that are neither paid nor authorised.
    pub allow_unpaid_shipping: bool,
    /// Seconds after which an unpaid order is cancelled; none: never.
    pub expire_unpaid_after_seconds: Option<u64>,
    /// Seconds after which a settled order is archived; none: never.
    pub archive_settled_after_seconds: Option<u64>,
    /// What becomes of the money when something is cancelled.
    pub on_cancellation: OnCancellation,
    /// What stands before the number of a new order.
    pub number_prefix: Option<String>,
    /// What a price is worth that a client gives.
    pub client_prices: ClientPrices,
    /// What a shipping charge is worth that a client gives.
    pub client_shipping: ClientShipping,
    /// Requests that its keys may send; none: as many as anybody.
    pub rate_limit: Option<RateLimit>,
}

/// Where an order is from that is about to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is drafted or placed here.
    Here,
    /// It was placed elsewhere: a fact, whatever this platform does by now.
    Elsewhere,
}

/// Why an order does not fit its platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum RulesRefusal {
    #[error("the platform takes no new orders")]
    PlatformInactive,
    #[error("the platform is archived")]
    PlatformArchived,
    #[error("orders of the platform are in {expected}")]
    PlatformCurrency { expected: String, given: String },
}

impl RulesRefusal {
    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PlatformInactive => "platform_inactive",
            Self::PlatformArchived => "platform_archived",
            Self::PlatformCurrency { .. } => "platform_currency",
        }
    }
}

impl PlatformRules {
    /// The rules of a platform that has had so many events.
    pub fn of(platform: &Platform, version: i64) -> Self {
        let currency = platform.currency.as_deref();
        let country = platform.country.clone().map(Country::try_from);
        Self {
            slug: platform.slug.clone(),
            version,
            active: platform.active,
            archived: platform.archived,
            currency: currency.and_then(|code| code.parse().ok()),
            country: country.and_then(Result::ok),
            prices_include_tax: platform.prices_include_tax,
            auto_confirm: platform.auto_confirm,
            allow_unpaid_shipping: platform.allow_unpaid_shipping,
            expire_unpaid_after_seconds: platform.expire_unpaid_after_seconds,
            archive_settled_after_seconds: platform.archive_settled_after_seconds,
            on_cancellation: platform.on_cancellation,
            number_prefix: platform.number_prefix.clone(),
            client_prices: platform.client_prices,
            client_shipping: platform.client_shipping,
            rate_limit: platform.rate_limit,
        }
    }

    /// The rules of a platform that nobody has saved, where the deployment makes
    /// such ones.
    pub fn unknown(slug: Slug) -> Self {
        Self::of(&save::document(SavePlatform::unknown(slug)), 0)
    }

    /// Whether an order from there may be recorded. What becomes of orders that
    /// exist is not asked here: a closed platform finishes what it has.
    ///
    /// # Errors
    /// `platform_archived`, whatever the origin; `platform_inactive` for an
    /// order of its own.
    pub const fn takes(&self, origin: Origin) -> Result<(), RulesRefusal> {
        match origin {
            _ if self.archived => Err(RulesRefusal::PlatformArchived),
            Origin::Here if !self.active => Err(RulesRefusal::PlatformInactive),
            Origin::Here | Origin::Elsewhere => Ok(()),
        }
    }

    /// Whether an order of this platform may be in `given`. What was sold
    /// elsewhere was sold in whatever it was sold in.
    ///
    /// # Errors
    /// `platform_currency`.
    pub fn takes_currency(&self, given: Currency, origin: Origin) -> Result<(), RulesRefusal> {
        match self.currency {
            Some(expected) if origin == Origin::Here && expected != given => {
                Err(RulesRefusal::PlatformCurrency {
                    expected: expected.into(),
                    given: given.into(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The country of an order whose addresses name `named`: else that of the
    /// platform, else the unknown one.
    pub fn country_of<'a>(&'a self, named: Option<&'a str>) -> &'a str {
        let own = self.country.as_ref().map(Country::code);
        named.or(own).unwrap_or(country::UNKNOWN)
    }

    /// The number for people of a new order that got `number` of the platform's
    /// sequence: unique per platform, whatever prefixes it has had.
    pub fn number(&self, number: i64) -> String {
        let prefix = self.number_prefix.as_deref().unwrap_or_default();
        format!("{prefix}{number}")
    }

    /// Whether a price of the client's own is taken: because the platform does,
    /// or because the caller has the scope for it.
    pub fn may_set_prices(&self, has_scope: bool) -> bool {
        has_scope || self.client_prices == ClientPrices::Accepted
    }

    /// Whether a shipping charge is taken that nobody has quoted: because the
    /// platform does, or because the caller has the scope for prices.
    pub const fn may_set_shipping(&self, has_scope: bool) -> bool {
        has_scope || self.client_shipping.is_any()
    }
}
