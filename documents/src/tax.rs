//! Taxes per rate. An order has amounts of tax, not rates: the rate of a line is
//! the one that its tax is the rounded share by.

use contracts::order::{Line, Order};
use domain::money::{Percent, prorate};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    str::FromStr,
};

/// A rate of tax, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

/// One percent.
const PERCENT: i64 = 1_000;
const WHOLE: i64 = 100 * PERCENT;
/// What rates are likely to be multiples of, the likeliest first.
const STEPS: [i64; 5] = [PERCENT, 500, 100, 10, 1];
/// How many rates of an order's own are looked through for those of its other
/// lines: no real order has more.
const MOST_SEEN: usize = 16;

/// Text that is no rate of tax.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tax rate: a percentage from 0 to 100 such as \"20\" or \"8.875\" is expected")]
pub struct InvalidRate(String);

impl Rate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// In thousandths of a percent.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// How far the tax on `net` at this rate is from `tax`.
    fn misses(self, (net, tax): (i64, i64)) -> u64 {
        prorate(net, self.0, WHOLE).map_or(u64::MAX, |due| due.abs_diff(tax))
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let invalid = || InvalidRate(text.to_owned());
        let percent: Percent = text.parse().map_err(|_| invalid())?;
        // In its shortest form, which has four digits behind the point at most.
        let shortest = percent.to_string();
        let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
        let thousandths = format!("{whole}{fraction:0<3}");
        if fraction.len() > 3 {
            return Err(invalid());
        }
        thousandths.parse().map(Self).map_err(|_| invalid())
    }
}

/// What is taxed at one rate; none: at one that cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxed {
    /// The rate.
    pub rate: Option<Rate>,
    /// Without the tax, minor units.
    pub net: i64,
    /// The tax, minor units.
    pub tax: i64,
}

impl Taxed {
    /// With the tax.
    pub const fn gross(&self) -> i64 {
        self.net + self.tax
    }
}

/// What is taxed at which rate, the highest first.
pub fn summed(parts: impl IntoIterator<Item = Taxed>) -> Vec<Taxed> {
    let mut sums: BTreeMap<Reverse<Option<Rate>>, (i64, i64)> = BTreeMap::new();
    let parts = parts
        .into_iter()
        .filter(|part| part.net != 0 || part.tax != 0);
    for Taxed { rate, net, tax } in parts {
        let sum = sums.entry(Reverse(rate)).or_default();
        *sum = (sum.0 + net, sum.1 + tax);
    }
    let taxed = |(Reverse(rate), (net, tax))| Taxed { rate, net, tax };
    sums.into_iter().map(taxed).collect()
}

/// The rate of each line of an order, and of its shipping.
#[derive(Debug, Default)]
pub struct Rates {
    lines: HashMap<String, Option<Rate>>,
    shipping: Option<Rate>,
}

impl Rates {
    /// The rates of an order whose seller charges tax at `known` rates; none
    /// given: whatever the amounts say.
    pub fn of(order: &Order, known: &[Rate]) -> Self {
        let mut seen = known.to_vec();
        let mut rates = Self::default();
        // A large amount tells the rate better than a small one, which then has
        // the same.
        let mut lines: Vec<_> = order.lines.iter().collect();
        lines.sort_by_key(|line| Reverse(net(order, line).unsigned_abs()));
        for line in lines {
            let rate = rate((net(order, line), line.tax), slack(line), &seen);
            rates.lines.insert(line.id.clone(), rate);
            let is_new = |rate: &Rate| seen.len() < known.len() + MOST_SEEN && !seen.contains(rate);
            seen.extend(rate.filter(is_new));
        }
        if let Some(shipping) = shipping(order) {
            rates.shipping = rate(shipping, 1, &seen);
        }
        rates
    }

    /// The rate of a line.
    pub fn line(&self, line: &Line) -> Option<Rate> {
        self.lines.get(&line.id).copied().flatten()
    }

    /// What so many pieces of a line are taxed at.
    pub fn pieces(&self, order: &Order, line: &Line, count: i64) -> Taxed {
        let of = |amount| prorate(amount, count, quantity(line)).unwrap_or_default();
        let (rate, net, tax) = (self.line(line), of(net(order, line)), of(line.tax));
        Taxed { rate, net, tax }
    }

    /// What is taxed at which rate, the highest first: the taxes add up to those
    /// of the order, and with the amounts that they are on to its total.
    pub fn taxed(&self, order: &Order) -> Vec<Taxed> {
        let lines = order.lines.iter();
        let lines = lines.map(|line| (self.line(line), (net(order, line), line.tax)));
        let shipping = shipping(order).map(|shipping| (self.shipping, shipping));
        let parts = lines.chain(shipping);
        summed(parts.map(|(rate, (net, tax))| Taxed { rate, net, tax }))
    }
}

/// Of a line, how many are not called off.
pub fn quantity(line: &Line) -> i64 {
    line.quantity - line.cancelled_quantity
}

/// What a line costs after its discounts, with the tax that its price includes.
pub fn discounted(line: &Line) -> i64 {
    line.amount - line.discount - line.allocated_discount
}

fn net(order: &Order, line: &Line) -> i64 {
    let included = if order.prices_include_tax {
        line.tax
    } else {
        0
    };
    discounted(line) - included
}

/// By how much the tax of a line may miss its rate: by rounding once, or, where
/// each piece has the same, by rounding that of each.
fn slack(line: &Line) -> u64 {
    let pieces = quantity(line).unsigned_abs();
    match line.tax.unsigned_abs().checked_rem(pieces) {
        Some(0) => 1 + pieces / 2,
        _ => 1,
    }
}

/// What shipping is charged with and without tax, where it is charged at all: a
/// cancelled order has none.
fn shipping(order: &Order) -> Option<(i64, i64)> {
    let shipping = order.shipping.as_ref()?;
    if order.totals.shipping != shipping.amount {
        return None;
    }
    let included = if order.prices_include_tax {
        shipping.tax
    } else {
        0
    };
    Some((shipping.amount - included, shipping.tax))
}

/// The rate by which `tax` is due on `net`: one of those that were seen, where
/// it is no further off than rounding explains; else the plainest that is
/// exactly right.
fn rate((net, tax): (i64, i64), slack: u64, seen: &[Rate]) -> Option<Rate> {
    if tax == 0 {
        return Some(Rate::ZERO);
    }
    if net == 0 || (net < 0) != (tax < 0) {
        return None;
    }
    let nearest = seen
        .iter()
        .filter(|rate| rate.0 != 0)
        .min_by_key(|rate| rate.misses((net, tax)));
    if let Some(rate) = nearest.filter(|rate| rate.misses((net, tax)) <= slack) {
        return Some(*rate);
    }
    let multiple = |step| {
        let most = WHOLE / step;
        let parts = prorate(tax, most, net).ok();
        let parts = parts.filter(|parts| (1..=most).contains(parts));
        parts.map(|parts| Rate(parts * step))
    };
    let mut likely = STEPS.into_iter().filter_map(multiple);
    likely.find(|rate| rate.misses((net, tax)) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn rates(texts: &[&str]) -> Vec<Rate> {
        texts
            .iter()
            .map(|text| text.parse().expect("a rate"))
            .collect()
    }

    #[test]
    fn the_plainest_rate_that_explains_a_tax_is_its_rate() {
        for (net, tax, expected) in [
            (1_000, 200, Some("20")),
            (1_999, 400, Some("20")),
            (-1_999, -400, Some("20")),
            (1_234, 108, Some("8.75")),
            (10_000, 550, Some("5.5")),
            (100_000, 8_875, Some("8.875")),
            (1_000, 0, Some("0")),
            (0, 5, None),
            (100, -5, None),
            (1, 5, None),
            (1, 9_000_000_000_000_000, None),
        ] {
            let expected = expected.map(|text| text.parse().expect("a rate"));
            assert_eq!(rate((net, tax), 1, &[]), expected, "{tax} on {net}");
        }
    }

    #[test]
    fn a_rate_that_is_known_explains_what_rounding_has_blurred() {
        let known = rates(&["19", "7"]);
        assert_eq!(rate((3, 1), 1, &known), Some(known[0]));
        assert_eq!(rate((1_000, 71), 1, &known), Some(known[1]));
        assert_eq!(
            rate((1_000, 100), 1, &known),
            "10".parse().ok(),
            "no known one"
        );
    }

    #[test]
    fn tax_that_is_rounded_per_piece_is_found_and_nothing_else_is_taken_for_it() {
        // 3.99 each, 20% of it rounded up to 0.80; 0.10 each, 17.5% of all.
        for (quantity, price, tax, expected) in [(10, 399, 800, "20"), (1_000, 10, 1_750, "17.5")] {
            let line = samples::line(1, "Lamp", (quantity, price), (0, tax));
            let order = samples::order(&[line]);
            let found = Rates::of(&order, &rates(&["20"]));
            assert_eq!(found.line(&order.lines[0]), expected.parse().ok());
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "-1", "101", "8.8755", "20%", "1e1"] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate(text.to_owned())));
        }
        assert_eq!(
            rates(&["0", "100", "8.875", "5.50"])
                .iter()
                .map(|r| r.0)
                .collect::<Vec<_>>(),
            [0, 100_000, 8_875, 5_500]
        );
    }
}
