//! The statistics of a file, computed from its text alone: own reading of the
//! CSV, own rounding, own grouping, nothing of the system's code.

use super::country;
use anyhow::{Context as _, ensure};
use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Read},
};

/// Day (`2010-12-01`), country and kind.
pub type Group = (String, String, String);

/// What a group adds up to; revenue in pence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub orders: i64,
    pub units: i64,
    pub revenue: i64,
}

/// What is in a file.
#[derive(Debug, Default)]
pub struct Computed {
    pub groups: BTreeMap<Group, Figures>,
    pub invoices: u64,
    pub lines: u64,
    /// Invoices without any positive quantity that are no credits, and their
    /// lines.
    pub stock_movements: (u64, u64),
}

struct Invoice {
    first: String,
    country: String,
    units: i64,
    pence: i64,
    lines: u64,
    positive: bool,
}

/// Reads and adds up a whole file.
pub fn compute(file: impl Read) -> anyhow::Result<Computed> {
    let mut invoices: HashMap<String, Invoice> = HashMap::new();
    for line in BufReader::new(file).lines().skip(1) {
        let line = line?;
        let fields = split(&line);
        let [number, _, _, quantity, time, price, _, country] = &fields[..] else {
            anyhow::bail!("not eight columns: {line}");
        };
        let quantity: i64 = quantity.parse()?;
        let invoice = invoices.entry(number.clone()).or_insert_with(|| Invoice {
            first: time.clone(),
            country: country.clone(),
            units: 0,
            pence: 0,
            lines: 0,
            positive: false,
        });
        ensure!(invoice.country == *country, "two countries: {line}");
        if *time < invoice.first {
            invoice.first.clone_from(time);
        }
        invoice.units += quantity;
        invoice.pence += pence(quantity, price).with_context(|| line.clone())?;
        invoice.lines += 1;
        invoice.positive |= quantity > 0;
    }
    add_up(invoices)
}

fn add_up(invoices: HashMap<String, Invoice>) -> anyhow::Result<Computed> {
    let mut computed = Computed::default();
    for (number, invoice) in invoices {
        computed.invoices += 1;
        computed.lines += invoice.lines;
        let kind = match number.chars().next() {
            Some('C') => "credit",
            Some('A') => "adjustment",
            _ => "order",
        };
        if kind == "order" && !invoice.positive {
            computed.stock_movements.0 += 1;
            computed.stock_movements.1 += invoice.lines;
            continue;
        }
        let day = invoice.first[..10].to_owned();
        let country = country::code(&invoice.country)?.to_owned();
        let figures = computed
            .groups
            .entry((day, country, kind.to_owned()))
            .or_default();
        figures.orders += 1;
        figures.units += invoice.units;
        figures.revenue += invoice.pence;
    }
    Ok(computed)
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
