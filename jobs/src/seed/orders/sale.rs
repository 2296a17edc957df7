//! What an order is: who orders what, when, and what it costs.

use super::Generator;
use crate::{
    import::body::{LineBody, ShippingBody},
    seed::{
        SeedError,
        draw::Draw,
        shop::{Parcel, Person, Product},
    },
};
use domain::{
    money::{Currency, Percent},
    shipping::BasketLine,
};
use serde::Serialize;
use time::OffsetDateTime;

/// Orders of a hundred that are placed without an account.
const GUESTS: u32 = 22;
/// How many have one line, two lines, and so on.
const LINES: [u32; 5] = [55, 25, 12, 5, 3];
/// How many take one of a thing, two of it, and so on.
const QUANTITIES: [u32; 4] = [78, 14, 5, 3];
/// Labels, and how many of a hundred orders have them.
const TAGS: [(&str, u32); 4] = [
    ("gift", 7),
    ("newsletter", 6),
    ("phone-order", 2),
    ("wholesale", 1),
];

/// An order, before anything happens to it. Amounts in minor units.
pub struct Sale<'a> {
    /// What its channel calls it.
    pub external_id: String,
    /// Who orders.
    pub person: Person<'a>,
    /// What is paid with.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<Sold>,
    /// How it is sent; none where there is nothing to send.
    pub shipping: Option<ShippingBody>,
    /// When.
    pub placed_at: OffsetDateTime,
    /// Labels.
    pub tags: Vec<String>,
    /// What it costs.
    pub total: i64,
}

/// A line of it.
#[derive(Debug, Clone)]
pub struct Sold {
    /// As requests have it.
    pub body: LineBody,
    /// What one of its units costs the customer, at least 1.
    pub each: i64,
    /// What it costs the customer.
    pub gross: i64,
    /// As shipping looks at it; none: nothing goes into a parcel.
    parcel: Option<BasketLine>,
}

/// An order as `POST /v1/orders` and `POST /v1/drafts` take it.
#[derive(Debug, Serialize)]
pub struct SaleBody<'a> {
    platform: &'a str,
    external_id: &'a str,
    currency: &'a str,
    customer: &'a contracts::order::Customer,
    lines: Vec<&'a LineBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<&'a ShippingBody>,
    shipping_address: &'a contracts::order::Address,
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    placed_at: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
}

impl<'a> Sale<'a> {
    /// Order number `index`.
    pub fn drawn(generator: &'a Generator, index: u64, draw: &mut Draw) -> Result<Self, SeedError> {
        let share = share(index, generator.arguments.orders, draw);
        let person = orderer(generator, (index, share), draw)?;
        let platform = person.platform;
        let currency = platform.currency().unwrap_or(person.country.currency);
        let offset = platform.utc_offset;
        let placed_at = generator.calendar.placed_at(share, offset, draw);
        let off = off(placed_at, draw);
        let lines = lines(generator, (&person, currency), off, draw)?;
        let parcel = Parcel {
            to: &person,
            currency,
            lines: lines
                .iter()
                .filter_map(|line| line.parcel.clone())
                .collect(),
        };
        let mut offers = generator.shop.delivery.offers(parcel)?;
        let chosen = if draw.chance(70) {
            0
        } else {
            draw.place(offers.len())
        };
        let offer = (chosen < offers.len()).then(|| offers.swap_remove(chosen));
        let goods: i64 = lines.iter().map(|line| line.gross).sum();
        let charge = offer.as_ref().map_or(0, |offer| offer.total);
        let tagged = TAGS.iter().filter(|(_, percent)| draw.chance(*percent));
        let mut tags: Vec<String> = tagged.map(|(tag, _)| (*tag).to_owned()).collect();
        tags.extend(off.map(|_| "reduced".to_owned()));
        Ok(Self {
            external_id: format!("{}-{}", generator.set, index + 1),
            currency,
            shipping: offer.map(|offer| ShippingBody {
                method: offer.method.into(),
                name: offer.name.into(),
                amount: offer.amount,
                tax: offer.tax,
            }),
            placed_at,
            tags,
            total: goods + charge,
            lines,
            person,
        })
    }

    /// Slug of its platform.
    pub fn platform(&self) -> &str {
        &self.person.platform.slug
    }

    /// Units of all lines.
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.body.quantity).sum()
    }

    /// Lets one more unit of the first line be ordered, as long as there is but
    /// one: so that some can go and some can stay. What it costs for shipping
    /// stays.
    pub fn at_least_two(mut self) -> Self {
        if self.units() < 2
            && let Some(first) = self.lines.first_mut()
        {
            first.body.quantity *= 2;
            first.body.tax *= 2;
            first.body.discount *= 2;
            self.total += first.gross;
            first.gross *= 2;
        }
        self
    }

    /// As a request has it.
    pub fn placed(&self, placed_at: Option<OffsetDateTime>) -> SaleBody<'_> {
        SaleBody {
            platform: self.platform(),
            external_id: &self.external_id,
            currency: self.currency.code(),
            customer: &self.person.customer,
            lines: self.lines.iter().map(|line| &line.body).collect(),
            shipping: self.shipping.as_ref(),
            shipping_address: &self.person.address,
            placed_at,
            tags: &self.tags,
        }
    }
}

/// The share of all orders that were placed when this one is.
fn share(index: u64, orders: u64, draw: &mut Draw) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let share = (index as f64 + draw.share()) / orders as f64;
    share
}

/// A guest, or one of the customers that there are by then, the early ones more
/// often.
fn orderer<'a>(
    generator: &'a Generator,
    (index, share): (u64, f64),
    draw: &mut Draw,
) -> Result<Person<'a>, SeedError> {
    if draw.chance(GUESTS) {
        return Person::guest(&generator.shop, index, draw);
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "far below 2^53"
    )]
    let (there, flat) = {
        let all = generator.arguments.customers as f64;
        let there = (all * (0.15 + 0.85 * share)).ceil();
        (there as u64, there / 20.0 + 3.0)
    };
    let number = draw.ranked(there, flat);
    Person::customer(&generator.shop, generator.arguments.seed, number)
}

/// What is taken off everything: in the last week of November often, else now
/// and then.
fn off(placed_at: OffsetDateTime, draw: &mut Draw) -> Option<i64> {
    let sale = placed_at.month() == time::Month::November && placed_at.day() >= 23;
    let (percent, often) = if sale { (20, 60) } else { (10, 7) };
    draw.chance(often).then_some(percent)
}

fn lines(
    generator: &Generator,
    (person, currency): (&Person<'_>, Currency),
    off: Option<i64>,
    draw: &mut Draw,
) -> Result<Vec<Sold>, SeedError> {
    let catalogue = &generator.shop.catalogue;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let flat = 1.0 + catalogue.count as f64 / 100.0;
    let wanted = draw.weighted(LINES.into_iter()) + 1;
    let mut lines: Vec<Sold> = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        let product = catalogue.product(draw.ranked(catalogue.count, flat))?;
        if lines.iter().any(|line| line.body.sku == *product.sku) {
            continue;
        }
        let times = i64::try_from(draw.weighted(QUANTITIES.into_iter())).unwrap_or_default();
        let quantity = product.by_the * (times + 1);
        lines.push(sold(
            generator,
            (person, currency),
            product,
            (quantity, off),
        )?);
    }
    Ok(lines)
}

/// So many of a product, at what the catalogue says.
fn sold(
    generator: &Generator,
    (person, currency): (&Person<'_>, Currency),
    product: Product,
    (quantity, off): (i64, Option<i64>),
) -> Result<Sold, SeedError> {
    let platform = person.platform;
    let none = || SeedError::Data(format!("nothing has a price in {currency}").into());
    let price = product.price(&generator.shop.catalogue, &platform.slug, currency);
    let price = price.ok_or_else(none)?;
    let amount = price.amount(quantity, currency)?;
    let discount = amount * off.unwrap_or_default() / 100;
    let net = amount - discount;
    let rate = product.class.rate(person.country);
    let (tax, gross) = taxed(net, rate, platform.prices_include_tax())?;
    let parcel = product.grams.map(|grams| BasketLine {
        sku: product.sku.clone(),
        quantity,
        amount: net,
        weight_grams: Some(grams),
    });
    Ok(Sold {
        body: LineBody {
            sku: product.sku.into(),
            name: product.title,
            quantity,
            unit_price: price.into(),
            tax,
            discount,
        },
        each: (gross / quantity).max(1),
        gross,
        parcel,
    })
}

/// The tax on what is charged, and what both come to.
fn taxed(net: i64, rate: Option<Percent>, included: bool) -> Result<(i64, i64), SeedError> {
    Ok(match rate {
        None => (0, net),
        Some(rate) if included => (rate.within(net)?, net),
        Some(rate) => {
            let tax = rate.of(net)?;
            (tax, net + tax)
        }
    })
}
