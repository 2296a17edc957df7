//! From a new order to its content: what drafting, placing and importing
//! share.

use super::{
    command::{NewAddress, NewLine, NewOrder, NewShipping},
    event::OrderEvent,
    personal,
    pricing::overflow,
    rejection::Rejection,
    state::{Order, evolve},
    status,
};
use crate::{
    country::{self, Country},
    money::Currency,
    text::Id,
};
use contracts::{
    order::{Customer, Kind, OrderPersonal, OrderedLine, Shipping, Snapshot},
    personal::Personal,
};

/// Lines that an order may have.
pub const MAX_LINES: usize = 5_000;
/// Tags that an order may have.
pub const MAX_TAGS: usize = 100;
/// Largest absolute quantity of a line.
pub const MAX_QUANTITY: i64 = 1_000_000_000;

/// What an event tells of an order: openly, and as personal data.
type Content = (Snapshot, Option<Personal<OrderPersonal>>);

/// The content of `order`, or why it cannot be one.
pub fn content(mut order: NewOrder, kind: Kind) -> Result<Content, Rejection> {
    let lines = std::mem::take(&mut order.lines);
    if lines.is_empty() {
        return Err(Rejection::NoLines);
    }
    let lines = placed_lines(lines, kind, order.currency, order.prices_include_tax)?;
    with_lines(order, kind, lines)
}

/// The content of a draft, which may have no lines yet.
pub fn draft_content(mut order: NewOrder) -> Result<Content, Rejection> {
    let lines = std::mem::take(&mut order.lines);
    let lines = draft_lines(lines, order.currency, order.prices_include_tax)?;
    with_lines(order, Kind::Order, lines)
}

/// The lines of a draft.
pub fn draft_lines(
    lines: Vec<NewLine>,
    currency: Currency,
    tax_included: bool,
) -> Result<Vec<OrderedLine>, Rejection> {
    placed_lines(lines, Kind::Order, currency, tax_included)
}

fn with_lines(order: NewOrder, kind: Kind, lines: Vec<OrderedLine>) -> Result<Content, Rejection> {
    let country_of = |address: &Option<NewAddress>| {
        let country = address.as_ref().and_then(|a| a.country.as_ref());
        country.map(|c| Country::code(c).to_owned())
    };
    let shipping_country = country_of(&order.shipping_address);
    let billing_country = country_of(&order.billing_address);
    let included = order.prices_include_tax;
    let shipping = order.shipping.map(|s| placed_shipping(s, kind, included));
    let snapshot = Snapshot {
        order_id: order.order_id,
        number: order.number,
        platform: order.platform.into(),
        external_id: order.external_id.map(Into::into),
        currency: order.currency.into(),
        prices_include_tax: included,
        customer_id: order.customer.as_ref().and_then(|c| c.id.clone()),
        country: order_country(
            shipping_country.as_deref().or(billing_country.as_deref()),
            order.country.as_ref().map(Country::code),
        ),
        shipping_country,
        billing_country,
        lines,
        shipping: shipping.transpose()?,
        tags: tags(order.tags)?,
    };
    let address = |address: Option<NewAddress>| address.and_then(|a| a.address.personal());
    let personal = personal::order(OrderPersonal {
        customer: order.customer.and_then(Customer::personal),
        billing_address: address(order.billing_address),
        shipping_address: address(order.shipping_address),
    });
    Ok((snapshot, personal))
}

/// Country of an order: shipping, else billing, else unknown.
pub fn order_country(shipping: Option<&str>, billing: Option<&str>) -> String {
    shipping.or(billing).unwrap_or(country::UNKNOWN).to_owned()
}

/// Refuses events whose order has sums that do not fit.
pub fn checked(order: &Order, events: Vec<OrderEvent>) -> Result<Vec<OrderEvent>, Rejection> {
    let then = events.iter().fold(order.clone(), evolve);
    status::after(&then, 1).map_err(overflow)?;
    Ok(events)
}

fn placed_lines(
    lines: Vec<NewLine>,
    kind: Kind,
    currency: Currency,
    tax_included: bool,
) -> Result<Vec<OrderedLine>, Rejection> {
    if lines.len() > MAX_LINES {
        return Err(Rejection::TooManyLines {
            lines: lines.len(),
            limit: MAX_LINES,
        });
    }
    let lines = lines.into_iter().enumerate();
    lines
        .map(|(index, line)| placed_line(index, index + 1, line, currency, kind, tax_included))
        .collect()
}

/// Line `number` of an order; `index` is where the body has it.
pub fn placed_line(
    index: usize,
    number: usize,
    new: NewLine,
    currency: Currency,
    kind: Kind,
    tax_included: bool,
) -> Result<OrderedLine, Rejection> {
    check_quantity(index, new.quantity, kind)?;
    if new.unit_price.is_negative() && kind != Kind::Adjustment {
        return Err(Rejection::NegativePrice { line: index });
    }
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
    let net = amount - new.discount;
    if !tax_fits(kind, new.tax, net, tax_included) {
        return Err(Rejection::TaxOutOfRange {
            line: index,
            tax: new.tax,
        });
    }
    Ok(OrderedLine {
        id: format!("l{number}"),
        sku: new.sku.into(),
        name: new.name.into(),
        quantity: new.quantity,
        unit_price: new.unit_price.normalised(currency).into(),
        amount,
        discount: new.discount,
        tax: new.tax,
    })
}

/// A tax has the sign of what it is on, and is no more than a price that
/// includes it.
const fn tax_fits(kind: Kind, tax: i64, on: i64, included: bool) -> bool {
    sign_allowed(kind, tax) && (!included || between_zero_and(on, tax))
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

/// A shipping choice, checked.
pub fn placed_shipping(
    new: NewShipping,
    kind: Kind,
    tax_included: bool,
) -> Result<Shipping, Rejection> {
    if !sign_allowed(kind, new.amount) {
        return Err(Rejection::ShippingOutOfRange { amount: new.amount });
    }
    if !tax_fits(kind, new.tax, new.amount, tax_included) {
        return Err(Rejection::ShippingTaxOutOfRange { tax: new.tax });
    }
    Ok(Shipping {
        method: new.method.into(),
        name: new.name.into(),
        amount: new.amount,
        tax: new.tax,
        quote: new.quote,
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

/// Labels, sorted, each once.
pub fn tags(tags: Vec<Id>) -> Result<Vec<String>, Rejection> {
    if tags.len() > MAX_TAGS {
        return Err(Rejection::TooManyTags { limit: MAX_TAGS });
    }
    let mut tags: Vec<String> = tags.into_iter().map(Into::into).collect();
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}
