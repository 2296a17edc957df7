//! Values that commands are made of.

use anyhow::Result;
use domain::money::Price;
use domain::order::command::{LineUnits, NewLine, NewShipping, NewTracking, Sum};
use domain::text::{Id, InvalidText, Words};
use time::{Duration, OffsetDateTime};

pub(super) fn id(text: &str) -> Result<Id, InvalidText> {
    text.try_into()
}

pub(super) fn why() -> Result<Option<Words>, InvalidText> {
    Ok(Some("they rang".try_into()?))
}

pub(super) const fn sum(amount: i64) -> Sum {
    Sum {
        amount,
        currency: None,
    }
}

pub(super) fn units(line: &str, quantity: i64) -> Result<LineUnits, InvalidText> {
    let line = id(line)?;
    Ok(LineUnits { line, quantity })
}

pub(super) fn line(sku: &str, quantity: i64, price: Price) -> Result<NewLine> {
    Ok(NewLine {
        sku: id(sku)?,
        name: "A lamp".try_into()?,
        quantity,
        unit_price: price,
        tax: 7,
        discount: 3,
    })
}

pub(super) fn shipping(amount: i64) -> Result<NewShipping> {
    Ok(NewShipping {
        method: id("std")?,
        name: "Standard".try_into()?,
        amount,
        tax: 0,
        quote: None,
    })
}

pub(super) fn parcel(number: &str) -> Result<NewTracking, InvalidText> {
    Ok(NewTracking {
        carrier: Some(id("Post")?),
        tracking_number: Some(id(number)?),
        tracking_url: None,
    })
}

pub(super) fn placed_at(n: usize) -> OffsetDateTime {
    let hours = i64::try_from(n % 1_000).unwrap_or_default();
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hours)
}
