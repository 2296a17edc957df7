//! Shipping choices, held against the quotes that they were made by
//! (docs/DECISIONS.md, 178, 179 and 242).

use crate::{call::Call, prices::SET_PRICES};
use contracts::order::ChosenQuote;
use domain::{
    money::Currency,
    order::{Goods, Rejection, command::NewShipping},
    platform::PlatformRules,
    shipping::{Consignment, Mismatch, Promise},
};
use infra::{
    clock,
    command::ExecuteError,
    quotes::{PromiseError, verify_until},
};
use time::format_description::well_known::Rfc3339;

type Failed = ExecuteError<Rejection>;

/// Where a body has an order's shipping.
pub const SHIPPING: &str = "/shipping";
/// Where a body has the quote of an order's shipping.
pub const OF_ORDER: &str = "/shipping/quote";
/// Where a body has it that is the shipping choice alone.
pub const ALONE: &str = "/quote";

/// What is to be shipped, of an order on this platform in this currency.
pub struct Shipment<'a> {
    /// Slug.
    pub platform: &'a str,
    /// Of all amounts.
    pub currency: Currency,
    /// The goods, and where they go.
    pub goods: Goods,
    /// Whether the client's charge is taken as it is.
    pub may_set: bool,
}

/// Whether the client's shipping charges are taken as they are.
pub fn may_set(call: &Call, rules: &PlatformRules) -> bool {
    rules.may_set_shipping(call.may(SET_PRICES))
}

/// Whether somebody may have more of a placed order sent, or send it elsewhere, and
/// leave its charge as it is.
///
/// # Errors
/// `quote_required` where the platform ships for quoted charges: the order's was for
/// less, or for another place.
pub fn check_kept(call: &Call, rules: &PlatformRules) -> Result<(), Rejection> {
    if may_set(call, rules) {
        return Ok(());
    }
    Err(Rejection::QuoteRequired { pointer: "" })
}

impl Shipment<'_> {
    /// The shipping choice with the quote that it was made by, where it was made by
    /// one; that has to promise it. `pointer` says where the body has the quote.
    ///
    /// # Errors
    /// `quote_required`, `quote_invalid`, `quote_expired`, `quote_mismatch`; when the
    /// ops database, which has the secret, does not answer.
    pub async fn shipped(
        &self,
        call: &Call,
        mut shipping: NewShipping,
        quote: Option<&str>,
        pointer: &'static str,
    ) -> Result<NewShipping, Failed> {
        match quote {
            Some(quote) => {
                let chosen = self.chosen(call, &shipping, quote, pointer).await?;
                shipping.quote = Some(chosen);
            }
            None if self.may_set => {}
            None => return Err(ExecuteError::Rejected(Rejection::QuoteRequired { pointer })),
        }
        Ok(shipping)
    }

    async fn chosen(
        &self,
        call: &Call,
        shipping: &NewShipping,
        quote: &str,
        pointer: &'static str,
    ) -> Result<ChosenQuote, Failed> {
        let secret = call.api.promises.secret().await;
        let secret = secret.map_err(|error| ExecuteError::Unavailable {
            unknown: false,
            source: Box::new(error),
        })?;
        let verified = verify_until::<Promise>(secret, quote, clock::now());
        let verified = verified.map_err(|error| not_one(error, pointer));
        let (promise, expires_at) = verified.map_err(ExecuteError::Rejected)?;
        let kept = self.kept(&promise, shipping);
        let kept = kept.map_err(|mismatch| Rejection::QuoteMismatch { pointer, mismatch });
        kept.map_err(ExecuteError::Rejected)?;
        Ok(promise.chosen(expires_at))
    }

    fn kept(&self, promise: &Promise, shipping: &NewShipping) -> Result<(), Mismatch> {
        let place = self.goods.place.clone().ok_or(Mismatch::Destination)?;
        promise.covers(&Consignment::new(
            self.platform,
            self.currency,
            &self.goods.lines,
            place,
        ))?;
        promise.charges(shipping)
    }
}

fn not_one(error: PromiseError, pointer: &'static str) -> Rejection {
    match error {
        PromiseError::Malformed | PromiseError::Forged => Rejection::QuoteInvalid { pointer },
        PromiseError::Expired { at } => Rejection::QuoteExpired {
            pointer,
            expired_at: at.format(&Rfc3339).unwrap_or_default(),
        },
    }
}
