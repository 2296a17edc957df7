//! From a new order to its placement: what placing and importing share.

use super::{
    command::{NewLine, NewOrder, NewShipping},
    event::{Line, Placement, Shipping},
    rejection::Rejection,
    state::{Order, evolve},
    status,
};
use crate::{
    country::{self, Country},
    money::Currency,
};
use contracts::order::{Address, Kind};

/// Lines that an order may have.
pub const MAX_LINES: usize = 5_000;
/// Tags that an order may have.
pub const MAX_TAGS: usize = 100;
/// Largest absolute quantity of a line.
pub const MAX_QUANTITY: i64 = 1_000_000_000;

/// The placement of `order`, or why there can be none.
pub fn placement(order: NewOrder, kind: Kind) -> Result<Placement, Rejection> {
    check_lines(&order.lines, kind)?;
    let currency = order.currency;
    let lines = order
        .lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| placed_line(index, line, currency, kind))
        .collect::<Result<_, _>>()?;
    let shipping = order.shipping.map(|s| placed_shipping(s, kind));
    let country = order.shipping_country.as_ref();
    let country = country.or(order.billing_country.as_ref());
    Ok(Placement {
        order_id: order.order_id,
        number: order.number,
        platform: order.platform.into(),
        external_id: order.external_id.map(Into::into),
        kind,
        currency,
        customer: order.customer,
        country: country.map_or(country::UNKNOWN, Country::code).to_owned(),
        billing_address: with_country(order.billing_address, order.billing_country),
        shipping_address: with_country(order.shipping_address, order.shipping_country),
        lines,
        shipping: shipping.transpose()?,
        tags: tags(order.tags)?,
        placed_at: order.placed_at,
    })
}

/// Refuses an event whose order has sums that do not fit.
pub fn checked(
    order: &Order,
    event: super::event::OrderEvent,
) -> Result<Vec<super::event::OrderEvent>, Rejection> {
    let then = evolve(order.clone(), &event);
    status::after(&then, 1).map_err(|_| Rejection::AmountOverflow { line: None })?;
    Ok(vec![event])
}

fn with_country(address: Option<Address>, country: Option<Country>) -> Option<Address> {
    let mut address = address?;
    address.country = country.map(String::from);
    Some(address)
}

fn check_lines(lines: &[NewLine], kind: Kind) -> Result<(), Rejection> {
    if lines.is_empty() {
        return Err(Rejection::NoLines);
    }
    if lines.len() > MAX_LINES {
        return Err(Rejection::TooManyLines {
            lines: lines.len(),
            limit: MAX_LINES,
        });
    }
    for (line, new) in lines.iter().enumerate() {
        check_quantity(line, new.quantity, kind)?;
        if new.unit_price.is_negative() && kind != Kind::Adjustment {
            return Err(Rejection::NegativePrice { line });
        }
    }
    Ok(())
}

fn check_quantity(line: usize, quantity: i64, kind: Kind) -> Result<(), Rejection> {
    let in_range = match kind {
        Kind::Order => (1..=MAX_QUANTITY).contains(&quantity),
        Kind::Credit | Kind::Adjustment => {
            quantity != 0 && (-MAX_QUANTITY..=MAX_QUANTITY).contains(&quantity)
        }
    };
    if !in_range {
        return Err(Rejection::QuantityOutOfRange {
            line,
            quantity,
            limit: MAX_QUANTITY,
        });
    }
    if kind == Kind::Credit && quantity > 0 {
        return Err(Rejection::CreditQuantityPositive { line, quantity });
    }
    Ok(())
}

fn placed_line(
    index: usize,
    new: NewLine,
    currency: Currency,
    kind: Kind,
) -> Result<Line, Rejection> {
    let line = Some(index);
    let amount = new
        .unit_price
        .amount(new.quantity, currency)
        .map_err(|_| Rejection::AmountOverflow { line })?;
    if !between_zero_and(amount, new.discount) {
        return Err(Rejection::DiscountOutOfRange {
            line: index,
            discount: new.discount,
            amount,
        });
    }
    if kind != Kind::Adjustment && !sign_allowed(kind, new.tax) {
        return Err(Rejection::TaxOutOfRange { line, tax: new.tax });
    }
    Ok(Line {
        id: format!("l{}", index + 1),
        sku: new.sku.into(),
        name: new.name.into(),
        quantity: new.quantity,
        price: new.unit_price.normalised(currency),
        amount,
        discount: new.discount,
        tax: new.tax,
    })
}

fn placed_shipping(new: NewShipping, kind: Kind) -> Result<Shipping, Rejection> {
    if !sign_allowed(kind, new.amount) {
        return Err(Rejection::ShippingOutOfRange { amount: new.amount });
    }
    if !sign_allowed(kind, new.tax) {
        return Err(Rejection::TaxOutOfRange {
            line: None,
            tax: new.tax,
        });
    }
    Ok(Shipping {
        method: new.method.into(),
        name: new.name.into(),
        amount: new.amount,
        tax: new.tax,
    })
}

/// A sale charges, a credit gives back, an adjustment does either.
const fn sign_allowed(kind: Kind, amount: i64) -> bool {
    match kind {
        Kind::Order => amount >= 0,
        Kind::Credit => amount <= 0,
        Kind::Adjustment => true,
    }
}

const fn between_zero_and(amount: i64, discount: i64) -> bool {
    if amount >= 0 {
        0 <= discount && discount <= amount
    } else {
        amount <= discount && discount <= 0
    }
}

fn tags(tags: Vec<crate::text::Id>) -> Result<Vec<String>, Rejection> {
    if tags.len() > MAX_TAGS {
        return Err(Rejection::TooManyTags { limit: MAX_TAGS });
    }
    let mut tags: Vec<String> = tags.into_iter().map(Into::into).collect();
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}
