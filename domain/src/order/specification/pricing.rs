//! Properties of what is charged, in currencies of every exponent.

use super::{Given, commands::*, given};
use crate::{
    money::{Currency, Percent, Price},
    order::{
        Order, OrderCommand,
        command::{DiscountValue, NewLine, NewOrder},
        decide,
    },
};
use proptest::prelude::*;

/// A line as numbers: quantity, mantissa, scale, discount and tax in percent.
type Drawn = (i64, i64, u8, i64, i64);

fn drawn() -> impl Strategy<Value = Drawn> {
    (
        1_i64..60,
        0_i64..2_000_000,
        0_u8..7,
        0_i64..=100,
        0_i64..=100,
    )
}

fn currencies() -> impl Strategy<Value = Currency> {
    let codes = prop::sample::select(vec!["JPY", "EUR", "BHD", "CLF"]);
    codes.prop_map(|code| code.parse().expect("known"))
}

fn new_line((quantity, mantissa, scale, off, tax): Drawn, currency: Currency) -> NewLine {
    let price = Price::Major { mantissa, scale };
    let amount = price.amount(quantity, currency).expect("fits");
    let discount = amount * off / 100;
    let tax = (amount - discount) * tax / 100;
    NewLine {
        tax,
        discount,
        ..priced(quantity, price)
    }
}

fn new_order(lines: &[Drawn], currency: Currency, included: bool) -> NewOrder {
    let lines = lines.iter().map(|l| new_line(*l, currency)).collect();
    NewOrder {
        country: None,
        currency,
        prices_include_tax: included,
        ..order(lines)
    }
}

/// Percent or fixed, on the order or on a line.
#[derive(Debug, Clone, Copy)]
struct Off {
    share: u32,
    fixed: Option<i64>,
    line: Option<usize>,
}

fn off() -> impl Strategy<Value = Off> {
    let fixed = prop::option::of(1_i64..5_000);
    let line = prop::option::of(0_usize..6);
    (1_u32..=1_000_000, fixed, line).prop_map(|(share, fixed, line)| Off { share, fixed, line })
}

fn command(off: Off) -> OrderCommand {
    let percent = format!("{}.{:04}", off.share / 10_000, off.share % 10_000);
    let value = off
        .fixed
        .map_or_else(|| self::percent(&percent), DiscountValue::Fixed);
    let line = off.line.map(|at| format!("l{}", at + 1));
    discount(value, line.as_deref())
}

/// Edits: more or fewer of a line, units called off, a line removed.
fn edit((what, at, quantity): (u8, usize, i64)) -> OrderCommand {
    let line = format!("l{}", at + 1);
    match what {
        0 => change(&line, quantity),
        1 => cancel_lines(&[(&line, quantity)]),
        _ => remove_line(&line),
    }
}

/// What is possible of these.
fn attempt(order: Given, commands: impl IntoIterator<Item = OrderCommand>) -> Given {
    commands.into_iter().fold(order, |order, command| {
        if decide(&order.order, command.clone()).is_ok() {
            order.and(command)
        } else {
            order
        }
    })
}

/// What is left of each line before the discount number `upto`.
fn left(order: &Order, upto: usize) -> Vec<(&str, i64)> {
    let earlier = || order.discounts[..upto].iter().flat_map(|d| &d.allocations);
    let lines = order.lines.iter().map(|l| {
        let shares = earlier().filter(|a| a.line == l.line.id).map(|a| a.amount);
        let net = l.line.amount - l.line.discount - shares.sum::<i64>();
        (l.line.id.as_str(), net)
    });
    lines.collect()
}

fn discounts_hold(order: &Order) -> Result<(), TestCaseError> {
    for (at, granted) in order.discounts.iter().enumerate() {
        let left = left(order, at);
        let on = |line: &str| granted.line.as_deref().is_none_or(|only| only == line);
        let base: i64 = left
            .iter()
            .filter(|(line, _)| on(line))
            .map(|(_, net)| net)
            .sum();
        let shares: i64 = granted.allocations.iter().map(|a| a.amount).sum();
        prop_assert_eq!(shares, granted.amount, "the shares add up");
        for share in &granted.allocations {
            let net = left.iter().find(|(line, _)| *line == share.line);
            let (line, net) = net.expect("a line of the order");
            prop_assert!(on(line) && (1..=*net).contains(&share.amount));
            let exact = i128::from(granted.amount) * i128::from(*net);
            let off = i128::from(share.amount) * i128::from(base) - exact;
            prop_assert!(
                off.abs() < i128::from(base),
                "a share is off by less than one"
            );
        }
        match (&granted.percent, granted.fixed) {
            (Some(percent), None) => {
                let percent: Percent = percent.parse().expect("stored");
                prop_assert_eq!(Ok(granted.amount), percent.of(base));
            }
            (None, Some(fixed)) => prop_assert_eq!(granted.amount, fixed.min(base)),
            other => prop_assert!(false, "{other:?}"),
        }
    }
    Ok(())
}

fn parts_add_up(order: &Given) -> Result<(), TestCaseError> {
    let totals = order.totals();
    let of = |part: fn(&contracts::order::OrderedLine) -> i64| {
        order.order.lines.iter().map(|l| part(&l.line)).sum::<i64>()
    };
    let granted: i64 = order.order.discounts.iter().map(|d| d.amount).sum();
    prop_assert_eq!(totals.items, of(|l| l.amount));
    prop_assert_eq!(totals.discounts, of(|l| l.discount) + granted);
    prop_assert_eq!(totals.tax + totals.included_tax, of(|l| l.tax));
    let total = totals.items - totals.discounts + totals.shipping + totals.tax;
    prop_assert_eq!(totals.total, total);
    prop_assert!(totals.total >= 0);
    Ok(())
}

proptest! {
    #[test]
    fn stacked_discounts_add_up_and_never_exceed_what_is_left(
        lines in prop::collection::vec(drawn(), 1..7),
        currency in currencies(),
        offs in prop::collection::vec(off(), 1..5),
        edits in prop::collection::vec((0_u8..3, 0_usize..6, 1_i64..80), 0..8),
        included: bool,
    ) {
        let order = given([place_order(new_order(&lines, currency, included))]);
        let plain = order.totals().total;
        let off = attempt(order, offs.iter().map(|off| command(*off)));
        discounts_hold(&off.order)?;
        parts_add_up(&off)?;
        let back = (0..offs.len()).map(|n| remove_discount(&format!("d{}", n + 1)));
        prop_assert_eq!(attempt(off.clone(), back).totals().total, plain);
        let mut order = off;
        for step in edits {
            order = attempt(order, [edit(step)]);
            discounts_hold(&order.order)?;
            parts_add_up(&order)?;
        }
    }

    #[test]
    fn units_called_off_one_by_one_leave_what_calling_them_off_at_once_leaves(
        line in drawn(), currency in currencies(), included: bool,
    ) {
        let new = new_order(&[line, (1, 100, 0, 0, 0)], currency, included);
        let order = given([place_order(new)]);
        let singly = (0..line.0).fold(order.clone(), |order, _| {
            order.and(cancel_lines(&[("l1", 1)]))
        });
        let at_once = order.and(cancel_lines(&[("l1", line.0)]));
        prop_assert_eq!(singly.totals(), at_once.totals());
        prop_assert_eq!(at_once.order.lines[0].line.amount, 0);
    }

    #[test]
    fn a_line_costs_the_same_however_its_quantity_was_reached(
        line in drawn(), currency in currencies(), ways in prop::collection::vec(1_i64..80, 1..6),
    ) {
        let order = given([place_order(new_order(&[line], currency, false))]);
        let there = ways.iter().fold(order.clone(), |order, n| order.and(change("l1", *n)));
        let back = there.and(change("l1", line.0));
        prop_assert_eq!(back.totals(), order.totals());
    }

    #[test]
    fn a_share_of_discount_and_tax_is_off_by_half_a_unit_at_most(
        line in drawn(), currency in currencies(), units in 1_i64..60,
    ) {
        let placed = given([place_order(new_order(&[line], currency, false))]);
        let then = placed.clone().and(change("l1", units));
        let (of, is) = (&placed.order.lines[0].line, &then.order.lines[0].line);
        let off = |share: i64, whole: i64| (share * line.0 - whole * units).abs() * 2;
        prop_assert!(off(is.tax, of.tax) <= line.0);
        prop_assert!(off(is.discount, of.discount) <= line.0 || is.discount == is.amount);
    }

    #[test]
    fn an_included_tax_is_never_more_than_what_includes_it(
        lines in prop::collection::vec(drawn(), 1..5),
        currency in currencies(),
        edits in prop::collection::vec((0_u8..3, 0_usize..5, 1_i64..80), 0..8),
    ) {
        let new = new_order(&lines, currency, true);
        let edited = attempt(given([place_order(new)]), edits.into_iter().map(edit));
        for line in edited.order.lines.iter().map(|l| &l.line) {
            prop_assert!((0..=line.amount - line.discount).contains(&line.tax));
        }
        prop_assert_eq!(edited.totals().tax, 0);
    }

    #[test]
    fn included_and_added_tax_differ_by_the_tax(
        lines in prop::collection::vec(drawn(), 1..7), currency in currencies(),
    ) {
        let total = |included| given([place_order(new_order(&lines, currency, included))]).totals();
        let (inside, on_top) = (total(true), total(false));
        prop_assert_eq!(inside.included_tax, on_top.tax);
        prop_assert_eq!(inside.total + on_top.tax, on_top.total);
    }
}

#[test]
fn amounts_are_in_minor_units_of_each_currency() {
    for (currency, total) in [
        ("JPY", 37),
        ("EUR", 3_704),
        ("BHD", 37_037),
        ("CLF", 370_370),
    ] {
        let mut new = order(vec![line(3, "12.34567")]);
        new.currency = currency.parse().expect("known");
        assert_eq!(
            given([place_order(new)]).totals().total,
            total,
            "{currency}"
        );
    }
}
