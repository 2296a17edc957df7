//! An order of Shopify's as the import that it is.
//!
//! Discounts are those that Shopify allocated to the lines; an order that does
//! not come to the same total as there is refused, not bent until it does.

use super::{
    money::Money,
    order::{self, Fulfillment, LineItem, Order, ShippingLine, TaxLine},
    returns::Returns,
};
use crate::import::{
    body::{
        CancellationBody, FulfillmentBody, LineBody, OrderBody, ShippingBody, UnitsBody,
        idempotency_key,
    },
    decimal::{self, Style},
    item::Reason,
    window::{self, Refused},
};
use contracts::order::{Address, Customer, Kind, UnitPrice};
use domain::money::Currency;
use std::collections::HashMap;
use time::OffsetDateTime;

/// The sales channel that the orders belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its slug.
    pub platform: String,
    /// Whether its prices include tax, as it is configured.
    pub prices_include_tax: bool,
}

/// Amounts of one currency.
pub struct Amounts(Currency);

impl Amounts {
    /// In minor units.
    pub fn of(&self, text: &str) -> Result<i64, Reason> {
        decimal::minor(text, Style::PLAIN, self.0.exponent()).ok_or_else(|| self.wrong(text))
    }

    fn price(&self, text: &str) -> Result<UnitPrice, Reason> {
        let price = decimal::unit_price(text, Style::PLAIN, self.0.exponent());
        price.ok_or_else(|| self.wrong(text))
    }

    fn sum<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> Result<i64, Reason> {
        texts.try_fold(0_i64, |sum, text| {
            sum.checked_add(self.of(text)?)
                .ok_or_else(|| self.wrong(text))
        })
    }

    fn wrong(&self, text: &str) -> Reason {
        let expected = format!("an amount of {}", self.0.code());
        Reason::not("invalid_amount", text, &expected)
    }

    fn taxes(&self, lines: &[TaxLine]) -> Result<i64, Reason> {
        self.sum(lines.iter().map(|line| line.price.as_str()))
    }
}

/// The order to send.
pub fn convert(order: &Order, channel: &Channel) -> Result<window::Order, Refused> {
    let currency = order.currency.parse::<Currency>();
    let currency = currency
        .map_err(|error| Refused::Because(Reason::new("unknown_currency", error.to_string())))?;
    let external_id = order.id.to_string();
    let names = (
        channel.platform.as_str(),
        external_id.as_str(),
        currency.code(),
    );
    let body = body(order, names, channel, &Amounts(currency)).map_err(Refused::Because)?;
    Ok(window::Order {
        idempotency_key: idempotency_key(&channel.platform, &external_id),
        body: body.encode().map_err(Refused::Failed)?,
    })
}

fn body<'a>(
    order: &Order,
    names: (&'a str, &'a str, &'a str),
    channel: &Channel,
    amounts: &Amounts,
) -> Result<OrderBody<'a>, Reason> {
    if order.test {
        return Err(Reason::new(
            "test_order",
            "a test of the shop's, not an order",
        ));
    }
    if order.taxes_included != channel.prices_include_tax {
        let detail = format!(
            "its taxes_included is {}, and the prices of the platform are not so: import it as another one",
            order.taxes_included
        );
        return Err(Reason::new("other_prices", detail));
    }
    // Quantities that were edited away leave an item behind.
    let items: Vec<&LineItem> = order.line_items.iter().filter(|i| i.quantity > 0).collect();
    let lines = items.iter().map(|item| line(item, amounts));
    let lines: Vec<LineBody> = lines.collect::<Result<_, _>>()?;
    let shipping = shipping(&order.shipping_lines, amounts)?;
    let total = amounts.of(&order.total_price)?;
    same_total(&lines, shipping.as_ref(), channel, total)?;
    let money = Money::of(order, total, amounts)?;
    let ids = items.iter().zip(1..);
    let ids = ids
        .map(|(item, number)| (item.id, format!("l{number}")))
        .collect();
    let returns = Returns::of(order, &ids);
    let refunds = money.refunds(order, &returns, amounts)?;
    Ok(OrderBody {
        customer: customer(order),
        lines,
        shipping,
        billing_address: order.billing_address.as_ref().map(address),
        shipping_address: order.shipping_address.as_ref().map(address),
        tags: tags(order),
        payments: money.payments,
        refunds,
        fulfillments: fulfillments(order, &ids)?,
        returns: returns.bodies,
        cancellation: order.cancelled_at.map(|at| CancellationBody {
            reason: order
                .cancel_reason
                .clone()
                .filter(|reason| !reason.is_empty()),
            cancelled_at: Some(utc(at)),
        }),
        ..OrderBody::new(
            names,
            Kind::Order,
            utc(order.processed_at.unwrap_or(order.created_at)),
        )
    })
}

fn line(item: &LineItem, amounts: &Amounts) -> Result<LineBody, Reason> {
    let allocated = item.discount_allocations.iter().map(|a| a.amount.as_str());
    // The allocations have the line's own discount among them.
    let discount = match &item.total_discount {
        Some(own) if item.discount_allocations.is_empty() => amounts.of(own)?,
        _ => amounts.sum(allocated)?,
    };
    let sku = [item.sku.trim().to_owned()]
        .into_iter()
        .find(|sku| !sku.is_empty());
    let name = if item.name.is_empty() {
        &item.title
    } else {
        &item.name
    };
    Ok(LineBody {
        sku: sku.unwrap_or_else(|| item.variant_id.unwrap_or(item.id).to_string()),
        name: name.clone(),
        quantity: item.quantity,
        unit_price: amounts.price(&item.price)?,
        tax: amounts.taxes(&item.tax_lines)?,
        discount,
    })
}

/// All shipping lines as one charge.
fn shipping(lines: &[ShippingLine], amounts: &Amounts) -> Result<Option<ShippingBody>, Reason> {
    let Some(first) = lines.first() else {
        return Ok(None);
    };
    let (mut amount, mut tax) = (0, 0);
    for line in lines {
        let discounts = line.discount_allocations.iter().map(|a| a.amount.as_str());
        // What would not fit comes to no order's total.
        let charged = amounts
            .of(&line.price)?
            .saturating_sub(amounts.sum(discounts)?);
        amount = charged.saturating_add(amount);
        tax = amounts.taxes(&line.tax_lines)?.saturating_add(tax);
    }
    let method = filled(first.code.as_ref()).unwrap_or_else(|| "shipping".to_owned());
    let names = lines.iter().map(|line| line.title.trim());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let name = if names.is_empty() {
        method.clone()
    } else {
        names.join(" + ")
    };
    Ok(Some(ShippingBody {
        method,
        name,
        amount,
        tax,
    }))
}

/// Shopify's prices have no more digits than the currency.
fn same_total(
    lines: &[LineBody],
    shipping: Option<&ShippingBody>,
    channel: &Channel,
    told: i64,
) -> Result<(), Reason> {
    let tax = |tax: i64| if channel.prices_include_tax { 0 } else { tax };
    let of_line = |line: &LineBody| {
        let UnitPrice::Minor(price) = line.unit_price else {
            return None;
        };
        price
            .checked_mul(line.quantity)?
            .checked_sub(line.discount)?
            .checked_add(tax(line.tax))
    };
    let of_shipping = |shipping: &ShippingBody| shipping.amount.checked_add(tax(shipping.tax));
    let shipped = shipping.map_or(Some(0), of_shipping);
    let mut sums = lines.iter().map(of_line).chain([shipped]);
    let total = sums.try_fold(0_i64, |sum, part| sum.checked_add(part?));
    if total == Some(told) {
        return Ok(());
    }
    let total = total.map_or_else(|| "more than fits".to_owned(), |total| total.to_string());
    let detail = format!("it comes to {total}, and total_price says {told} (minor units)");
    Err(Reason::new("total_differs", detail))
}

fn customer(order: &Order) -> Option<Customer> {
    let there = order.customer.as_ref();
    let name = there.and_then(|c| joined(c.first_name.as_ref(), c.last_name.as_ref()));
    let customer = Customer {
        id: there.and_then(|c| c.id).map(|id| id.to_string()),
        name,
        email: filled(order.email.as_ref()).or_else(|| filled(there?.email.as_ref())),
    };
    (customer != Customer::default()).then_some(customer)
}

fn address(address: &order::Address) -> Address {
    let name = filled(address.name.as_ref());
    Address {
        name: name.or_else(|| joined(address.first_name.as_ref(), address.last_name.as_ref())),
        company: filled(address.company.as_ref()),
        line1: filled(address.address1.as_ref()),
        line2: filled(address.address2.as_ref()),
        city: filled(address.city.as_ref()),
        region: filled(address.province.as_ref()),
        postal_code: filled(address.zip.as_ref()),
        country: filled(address.country_code.as_ref()),
        phone: filled(address.phone.as_ref()),
    }
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

fn joined(first: Option<&String>, last: Option<&String>) -> Option<String> {
    let names: Vec<String> = [filled(first), filled(last)]
        .into_iter()
        .flatten()
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// The order's, and the name that people know it by.
fn tags(order: &Order) -> Vec<String> {
    let own = order.tags.split(',').chain([order.name.as_str()]);
    let own = own.map(str::trim).filter(|tag| !tag.is_empty());
    own.map(str::to_owned).collect()
}

fn fulfillments(order: &Order, ids: &HashMap<u64, String>) -> Result<Vec<FulfillmentBody>, Reason> {
    let mut made: Vec<&Fulfillment> = order.sent().collect();
    made.sort_by_key(|fulfillment| fulfillment.created_at);
    let body = |fulfillment: &&Fulfillment| {
        let units = fulfillment
            .line_items
            .iter()
            .filter(|item| item.quantity > 0);
        let lines = units.map(|item| {
            let line = ids.get(&item.id).cloned().ok_or_else(|| {
                let detail = format!("the line item {} was fulfilled and is not there", item.id);
                Reason::new("unknown_line_item", detail)
            })?;
            Ok(UnitsBody {
                line,
                quantity: item.quantity,
            })
        });
        let is_delivered = fulfillment.shipment_status.as_deref() == Some("delivered");
        let delivered_at = fulfillment.updated_at.filter(|_| is_delivered);
        Ok(FulfillmentBody {
            lines: lines.collect::<Result<_, _>>()?,
            carrier: filled(fulfillment.tracking_company.as_ref()),
            tracking_number: filled(fulfillment.tracking_number.as_ref()),
            tracking_url: filled(fulfillment.tracking_url.as_ref()),
            shipped_at: Some(utc(fulfillment.created_at)),
            delivered_at: delivered_at.map(utc),
        })
    };
    made.iter().map(body).collect()
}

/// Shopify tells times in the shop's zone.
fn utc(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(time::UtcOffset::UTC)
}
