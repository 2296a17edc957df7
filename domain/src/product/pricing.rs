//! What a product costs on a platform, and what a price is worth that a client
//! gives for it.

use crate::money::{Currency, Price};
use contracts::product::{ListPrice, Product};

/// The price of one `product` on the platform `platform` in `currency`: the
/// platform's own, else that of all platforms. None where it has neither, or is
/// archived: a price in another currency is never converted.
pub fn price_on(product: &Product, platform: &str, currency: Currency) -> Option<Price> {
    if product.archived {
        return None;
    }
    let of = |wanted: Option<&str>| {
        let here = |price: &&ListPrice| {
            price.platform.as_deref() == wanted && price.currency == currency.code()
        };
        product.prices.iter().find(here)
    };
    let found = of(Some(platform)).or_else(|| of(None))?;
    Price::try_from(&found.unit_price).ok()
}

/// What comes of the price of a line. Prices are in the one form that
/// [`Price::normalised`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceCheck {
    /// The client's price stands: it is that of the catalogue, or the client may
    /// set prices.
    Accepted(Price),
    /// The client gave none: that of the catalogue.
    Catalogue(Price),
    /// The client gave another one than the catalogue has, and may not.
    Mismatch {
        /// The client's.
        given: Price,
        /// What it costs now.
        current: Price,
    },
    /// The catalogue has none that the client's could be held against, or that
    /// could stand in for one that the client did not give.
    Unknown,
}

/// What comes of a line for which the client gave `given` and the catalogue has
/// `catalogue`. `may_set`: whether the client may set prices
/// ([`crate::platform::PlatformRules::may_set_prices`]), as importers may;
/// then a line needs no product.
pub fn check_price(
    given: Option<Price>,
    catalogue: Option<Price>,
    may_set: bool,
    currency: Currency,
) -> PriceCheck {
    let given = given.map(|price| price.normalised(currency));
    let catalogue = catalogue.map(|price| price.normalised(currency));
    match (given, catalogue) {
        (Some(given), _) if may_set => PriceCheck::Accepted(given),
        (Some(given), Some(current)) if given == current => PriceCheck::Accepted(given),
        (Some(given), Some(current)) => PriceCheck::Mismatch { given, current },
        (None, Some(current)) => PriceCheck::Catalogue(current),
        (_, None) => PriceCheck::Unknown,
    }
}

impl PriceCheck {
    /// Every code that [`Self::refused`] can tell.
    pub const CODES: &[&str] = &["price_mismatch", "price_unknown"];

    /// The price of the line; none where it is refused.
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Accepted(price) | Self::Catalogue(price) => Some(price),
            Self::Mismatch { .. } | Self::Unknown => None,
        }
    }

    /// Stable code of the refusal, where it is one.
    pub const fn refused(self) -> Option<&'static str> {
        match self {
            Self::Accepted(_) | Self::Catalogue(_) => None,
            Self::Mismatch { .. } => Some("price_mismatch"),
            Self::Unknown => Some("price_unknown"),
        }
    }
}
