//! Commands: what may be asked of a platform. Values are checked types as far
//! as they have one; the rest is the decisions' business.

use crate::{
    country::Country,
    money::Currency,
    text::{Slug, Words},
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation, RateLimit, Seller};

/// Any command of a platform. Giving one twice is giving it once.
#[derive(Debug, Clone)]
pub enum PlatformCommand {
    /// Make it, or make it so.
    Save(Box<SavePlatform>),
    /// Change some of it.
    Change(Box<ChangePlatform>),
    /// Let orders be placed.
    Activate,
    /// Let no more orders be placed.
    Deactivate,
    /// Put it out of the way.
    Archive,
    /// Bring an archived one back, active or not as it was.
    Restore,
}

impl From<SavePlatform> for PlatformCommand {
    fn from(command: SavePlatform) -> Self {
        Self::Save(Box::new(command))
    }
}

impl From<ChangePlatform> for PlatformCommand {
    fn from(command: ChangePlatform) -> Self {
        Self::Change(Box::new(command))
    }
}

/// All of a platform. What each member means is told by
/// [`contracts::platform::Platform`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct SavePlatform {
    /// Which one.
    pub slug: Slug,
    /// What people call it.
    pub name: Words,
    /// The one currency of its orders; none: any.
    pub currency: Option<Currency>,
    /// Where an order is from that names no country.
    pub country: Option<Country>,
    /// Whether orders may be placed.
    pub active: bool,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// Whether an order is confirmed as soon as it is placed.
    pub auto_confirm: bool,
    /// Whether goods may be shipped that are neither paid nor authorised.
    pub allow_unpaid_shipping: bool,
    /// Seconds after which an unpaid order is cancelled, at least 1; none:
    /// never.
    pub expire_unpaid_after_seconds: Option<u64>,
    /// Seconds after which a settled order is archived; none: never.
    pub archive_settled_after_seconds: Option<u64>,
    /// What becomes of the money when something is cancelled.
    pub on_cancellation: OnCancellation,
    /// What stands before the number of a new order; none: nothing.
    pub number_prefix: Option<String>,
    /// Whether prices that a client gives have to be those of the catalogue.
    pub client_prices: ClientPrices,
    /// Whether a shipping charge has to be one that was quoted.
    pub client_shipping: ClientShipping,
    /// Requests that its keys may send; none: as many as anybody.
    pub rate_limit: Option<RateLimit>,
    /// Who sells; none: there are no documents.
    pub seller: Option<Seller>,
}

impl SavePlatform {
    /// A platform of which nothing is said: its name is its slug, and nothing
    /// happens by itself.
    pub fn unsaid(slug: Slug) -> Self {
        Self {
            name: Words::from(&slug),
            slug,
            currency: None,
            country: None,
            active: true,
            prices_include_tax: false,
            auto_confirm: false,
            allow_unpaid_shipping: false,
            expire_unpaid_after_seconds: None,
            archive_settled_after_seconds: None,
            on_cancellation: OnCancellation::default(),
            number_prefix: None,
            client_prices: ClientPrices::default(),
            client_shipping: ClientShipping::default(),
            rate_limit: None,
            seller: None,
        }
    }

    /// What is made of a platform that nobody has saved, where an order names
    /// it and the deployment makes such ones: nobody has made a catalogue for
    /// it either, so prices are taken as they are.
    pub fn unknown(slug: Slug) -> Self {
        Self {
            client_prices: ClientPrices::Accepted,
            ..Self::unsaid(slug)
        }
    }
}

/// Change a platform: what is given replaces what it has, member by member;
/// `Some(None)` takes a member away. The seller is one member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each field is that of `SavePlatform`")]
pub struct ChangePlatform {
    pub name: Option<Words>,
    pub currency: Option<Option<Currency>>,
    pub country: Option<Option<Country>>,
    pub active: Option<bool>,
    pub prices_include_tax: Option<bool>,
    pub auto_confirm: Option<bool>,
    pub allow_unpaid_shipping: Option<bool>,
    pub expire_unpaid_after_seconds: Option<Option<u64>>,
    pub archive_settled_after_seconds: Option<Option<u64>>,
    pub on_cancellation: Option<OnCancellation>,
    pub number_prefix: Option<Option<String>>,
    pub client_prices: Option<ClientPrices>,
    pub client_shipping: Option<ClientShipping>,
    pub rate_limit: Option<Option<RateLimit>>,
    pub seller: Option<Option<Seller>>,
}
