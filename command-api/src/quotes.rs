//! The shipping of new orders, held against the quote that it was chosen by
//! (docs/DECISIONS.md, 178 and 179).

use crate::call::Call;
use domain::{
    order::{
        Rejection,
        command::{NewAddress, NewOrder},
    },
    shipping::{Consignment, Destination, Mismatch, PricedLine, Promise},
};
use infra::{
    clock,
    command::ExecuteError,
    quotes::{PromiseError, verify},
};
use time::format_description::well_known::Rfc3339;

type Failed = ExecuteError<Rejection>;

/// Whether the order is shipped as `quote` promises. It goes where its shipping
/// address says.
///
/// # Errors
/// `quote_invalid`, `quote_expired`, `quote_mismatch`; when the ops database,
/// which has the secret, does not answer.
pub async fn check_quote(call: &Call, order: &NewOrder, quote: &str) -> Result<(), Failed> {
    let secret = call.api.promises.secret().await;
    let secret = secret.map_err(|error| ExecuteError::Unavailable {
        unknown: false,
        source: Box::new(error),
    })?;
    let promise = verify(secret, quote, clock::now());
    promise
        .map_err(not_one)
        .and_then(|promise| kept(&promise, order).map_err(Rejection::QuoteMismatch))
        .map_err(ExecuteError::Rejected)
}

fn not_one(error: PromiseError) -> Rejection {
    match error {
        PromiseError::Malformed | PromiseError::Forged => Rejection::QuoteInvalid,
        PromiseError::Expired { at } => Rejection::QuoteExpired {
            expired_at: at.format(&Rfc3339).unwrap_or_default(),
        },
    }
}

fn kept(promise: &Promise, order: &NewOrder) -> Result<(), Mismatch> {
    let place = order.shipping_address.as_ref().and_then(place);
    let place = place.ok_or(Mismatch::Destination)?;
    let lines: Vec<PricedLine> = order.lines.iter().map(PricedLine::from).collect();
    promise.covers(&Consignment::new(
        &order.platform,
        order.currency,
        &lines,
        place,
    ))?;
    let shipping = order.shipping.as_ref().ok_or(Mismatch::Method)?;
    promise.charges(shipping)
}

/// Where an address is; none where it names no country.
fn place(address: &NewAddress) -> Option<Destination> {
    let country = address.country.clone()?;
    let (region, code) = (&address.address.region, &address.address.postal_code);
    Some(Destination::new(
        country,
        region.as_deref(),
        code.as_deref(),
    ))
}
