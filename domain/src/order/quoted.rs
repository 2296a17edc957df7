//! What the quote of an order's shipping is for, and whether it still holds for a
//! draft.

use super::{
    command::{NewAddress, NewOrder},
    rejection::Rejection,
    state::{DraftContent, Order},
};
use crate::{
    country::Country,
    shipping::{Destination, Digest, Mismatch, PricedLine},
};
use contracts::{order::Address, personal::Personal};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Where a draft has the quote of its shipping.
const OF_DRAFT: &str = "/shipping/quote";

/// What is sent, and where to: what a quote is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    /// All lines, those too that go into no parcel.
    pub lines: Vec<PricedLine>,
    /// None where no address names a country.
    pub place: Option<Destination>,
}

impl Goods {
    /// Those of a new order.
    pub fn of_new(order: &NewOrder) -> Self {
        Self {
            lines: order.lines.iter().map(PricedLine::from).collect(),
            place: order.shipping_address.as_ref().and_then(place),
        }
    }

    /// Those of a draft.
    pub fn of_draft(draft: &DraftContent) -> Self {
        let lines = draft.snapshot.lines.iter();
        let lines = lines
            .filter_map(|line| PricedLine::of_order(line, line.quantity, line.discount))
            .collect();
        let place = place_of_draft(draft);
        Self { lines, place }
    }

    /// Those of a placed order that goes to `address`: what is not cancelled of it.
    pub fn of_order(order: &Order, address: Option<&Address>) -> Self {
        let live = order.lines.iter().filter(|line| line.live() > 0);
        let lines = live.filter_map(|state| {
            PricedLine::of_order(&state.line, state.live(), state.line.discount)
        });
        let place = address.and_then(|address| {
            let country = address.country.clone()?;
            Some(destination(Country::try_from(country).ok()?, address))
        });
        Self {
            lines: lines.collect(),
            place,
        }
    }
}

/// Where an address is; none where it names no country.
pub fn place(address: &NewAddress) -> Option<Destination> {
    Some(destination(address.country.clone()?, &address.address))
}

/// Where the goods of a draft go, as far as it can be read.
pub fn place_of_draft(draft: &DraftContent) -> Option<Destination> {
    let country = draft.snapshot.shipping_country.clone()?;
    let country = Country::try_from(country).ok()?;
    let personal = draft.personal.as_ref().and_then(Personal::open);
    let address = personal.and_then(|personal| personal.shipping_address.as_ref());
    Some(match address {
        Some(address) => destination(country, address),
        None => Destination::new(country, None, None),
    })
}

fn destination(country: Country, address: &Address) -> Destination {
    let (region, code) = (&address.region, &address.postal_code);
    Destination::new(country, region.as_deref(), code.as_deref())
}

/// Whether the quote that a draft's shipping was chosen by holds `now` for what the
/// draft has become. One that was chosen by none has nothing to hold.
///
/// # Errors
/// `quote_expired`; `quote_mismatch` where its lines, or where they go, are others.
pub fn quote_holds(order: &Order, now: OffsetDateTime) -> Result<(), Rejection> {
    let Some((head, draft)) = order.head.as_ref().zip(order.draft.as_deref()) else {
        return Ok(());
    };
    let shipping = draft.snapshot.shipping.as_ref();
    let Some(quote) = shipping.and_then(|shipping| shipping.quote.as_ref()) else {
        return Ok(());
    };
    let other = |mismatch| {
        Err(Rejection::QuoteMismatch {
            pointer: OF_DRAFT,
            mismatch,
        })
    };
    if quote.expires_at <= now {
        return Err(Rejection::QuoteExpired {
            pointer: OF_DRAFT,
            expired_at: quote.expires_at.format(&Rfc3339).unwrap_or_default(),
        });
    }
    if quote.destination_changed {
        return other(Mismatch::Destination);
    }
    let lines = Digest::of_lines(&Goods::of_draft(draft).lines, head.currency);
    if String::from(lines) != quote.lines {
        return other(Mismatch::Lines);
    }
    Ok(())
}
