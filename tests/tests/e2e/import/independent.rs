//! What is in a file, from its text alone: own reading of the CSV, own rounding,
//! nothing of the system's code.

use super::country;
use anyhow::{Context as _, ensure};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// One line of an invoice.
#[derive(Debug, Clone)]
pub struct Line {
    pub sku: String,
    pub quantity: i64,
    /// What it comes to.
    pub pence: i64,
}

/// An invoice that is an order.
#[derive(Debug, Clone)]
pub struct Invoice {
    pub number: String,
    /// `order`, `credit` or `adjustment`.
    pub kind: &'static str,
    pub country: &'static str,
    pub customer: Option<String>,
    pub placed_at: OffsetDateTime,
    pub lines: Vec<Line>,
}

impl Invoice {
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    pub fn pence(&self) -> i64 {
        self.lines.iter().map(|line| line.pence).sum()
    }

    pub fn is_sale(&self) -> bool {
        self.kind == "order"
    }
}

/// What is in a file.
#[derive(Debug, Default)]
pub struct Computed {
    /// Those that are orders, in the order of their numbers.
    pub orders: Vec<Invoice>,
    pub invoices: u64,
    pub lines: u64,
    /// Invoices without any positive quantity that are no credits, and their
    /// lines.
    pub stock_movements: (u64, u64),
}

/// Reads a whole file.
pub fn compute(file: impl Read) -> anyhow::Result<Computed> {
    let mut invoices: BTreeMap<String, Invoice> = BTreeMap::new();
    for line in BufReader::new(file).lines().skip(1) {
        let line = line?;
        let fields = split(&line);
        let [number, sku, _, quantity, time, price, customer, country] = &fields[..] else {
            anyhow::bail!("not eight columns: {line}");
        };
        let (country, placed_at) = (country::code(country)?, moment(time)?);
        let customer = Some(customer.strip_suffix(".0").unwrap_or(customer).to_owned());
        let invoice = invoices.entry(number.clone()).or_insert_with(|| Invoice {
            number: number.clone(),
            kind: match number.chars().next() {
                Some('C') => "credit",
                Some('A') => "adjustment",
                _ => "order",
            },
            country,
            customer: customer.filter(|id| !id.is_empty()),
            placed_at,
            lines: Vec::new(),
        });
        ensure!(invoice.country == country, "two countries: {line}");
        invoice.placed_at = invoice.placed_at.min(placed_at);
        let quantity: i64 = quantity.parse()?;
        invoice.lines.push(Line {
            sku: sku.clone(),
            quantity,
            pence: pence(quantity, price).with_context(|| line.clone())?,
        });
    }
    let mut computed = Computed::default();
    for invoice in invoices.into_values() {
        let lines = u64::try_from(invoice.lines.len())?;
        computed.invoices += 1;
        computed.lines += lines;
        if invoice.is_sale() && !invoice.lines.iter().any(|line| line.quantity > 0) {
            computed.stock_movements.0 += 1;
            computed.stock_movements.1 += lines;
        } else {
            computed.orders.push(invoice);
        }
    }
    Ok(computed)
}

fn moment(text: &str) -> anyhow::Result<OffsetDateTime> {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    Ok(PrimitiveDateTime::parse(text, format)?.assume_utc())
}

/// The fields of a line; quotes only around a whole field, doubled within.
fn split(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// Quantity × price in pounds, in pence, halves to the even one. In whole
/// millionths of a pound, which every price of six decimals is.
fn pence(quantity: i64, price: &str) -> anyhow::Result<i64> {
    const PER_PENNY: i64 = 10_000;
    let (sign, digits) = price
        .strip_prefix('-')
        .map_or((1, price), |rest| (-1, rest));
    let (pounds, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    ensure!(decimals.len() <= 6, "more than six decimals");
    let millionths: i64 = format!("{pounds}{decimals:0<6}").parse()?;
    let exact = sign * millionths * quantity;
    let (down, rest) = (exact.div_euclid(PER_PENNY), exact.rem_euclid(PER_PENNY));
    let up = rest * 2 > PER_PENNY || (rest * 2 == PER_PENNY && down % 2 != 0);
    Ok(down + i64::from(up))
}
