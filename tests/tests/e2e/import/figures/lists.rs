//! Lists of products and of customers, and cohorts.

use super::{
    super::lives::{Life, Sums},
    Figures,
    calendar::first,
    sums::{is, net, of},
};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::Date;

/// The most products or customers of a list.
const MOST: usize = 200;

impl Figures<'_> {
    /// The whole range and a month, in each order.
    pub(super) async fn products(&self) -> anyhow::Result<()> {
        for (range, days) in self.ranges() {
            let mut expected = BTreeMap::<&str, Sums>::new();
            for life in self.placed_in(&days) {
                let mut seen = BTreeSet::new();
                for line in &life.invoice.lines {
                    let sums = expected.entry(&line.sku).or_default();
                    let first = seen.insert(&line.sku) && life.invoice.is_sale();
                    *sums.entry("orders").or_default() += i64::from(first);
                    if !life.is_cancelled() {
                        *sums.entry("units").or_default() += line.quantity;
                        *sums.entry("amount").or_default() += line.pence;
                    }
                }
            }
            expected.retain(|_, sums| sums.values().any(|value| *value != 0));
            let figures = [
                "orders",
                "units",
                "returned_units",
                "amount",
                "discounts",
                "tax",
            ];
            for sort in ["amount", "units", "orders"] {
                let question = format!("products?limit={MOST}&sort={sort}{range}");
                let rows = self.told_both_ways(&question).await?;
                are_the_top(&question, &rows, sort, &expected, |row| {
                    let sums = expected.get(row["sku"].as_str()?)?;
                    figures.iter().all(|name| is(row, sums, name)).then_some(())
                })?;
            }
        }
        Ok(())
    }

    pub(super) async fn customers(&self) -> anyhow::Result<()> {
        for (range, days) in self.ranges() {
            let mut expected = BTreeMap::<&str, Sums>::new();
            let mut dates = BTreeMap::<&str, BTreeSet<Date>>::new();
            for life in self.placed_in(&days) {
                let Some(customer) = life.invoice.customer.as_deref() else {
                    continue;
                };
                let sums = expected.entry(customer).or_default();
                for (name, value) in life.sums() {
                    if !["orders", "cancelled"].contains(&name) || life.invoice.is_sale() {
                        *sums.entry(name).or_default() += value;
                    }
                }
                if life.invoice.is_sale() {
                    let dates = dates.entry(customer).or_default();
                    dates.insert(life.invoice.placed_at.date());
                }
            }
            for sums in expected.values_mut() {
                sums.insert("net", net(sums));
            }
            let figures = [
                "orders",
                "cancelled",
                "units",
                "revenue",
                "captured",
                "refunded",
                "charged_back",
                "credited",
                "net",
            ];
            expected.retain(|_, sums| figures.iter().any(|name| of(sums, name) != 0));
            for sort in ["revenue", "net", "orders", "units"] {
                let question = format!("customers?limit={MOST}&sort={sort}{range}");
                let rows = self.told_both_ways(&question).await?;
                are_the_top(&question, &rows, sort, &expected, |row| {
                    let customer = row["customer"].as_str()?;
                    let sums = expected.get(customer)?;
                    let dates = dates.get(customer);
                    let day =
                        |day: Option<&Date>| day.map_or(Value::Null, |d| d.to_string().into());
                    let first = day(dates.and_then(BTreeSet::first)) == row["first_order"];
                    let last = day(dates.and_then(BTreeSet::last)) == row["last_order"];
                    let all = figures.iter().all(|name| is(row, sums, name));
                    (first && last && all).then_some(())
                })?;
            }
        }
        Ok(())
    }

    pub(super) async fn cohorts(&self) -> anyhow::Result<()> {
        let mut lives = BTreeMap::<&str, Vec<&Life>>::new();
        for life in self.lives {
            if let Some(customer) = &life.invoice.customer {
                lives.entry(customer).or_default().push(life);
            }
        }
        let month = |life: &&Life| first(life.invoice.placed_at.date());
        let mut sizes = BTreeMap::<Date, i64>::new();
        let mut expected = BTreeMap::<(Date, Date), Sums>::new();
        for lives in lives.values() {
            let sales = lives.iter().copied().filter(|life| life.invoice.is_sale());
            let Some(cohort) = sales.clone().map(|life| month(&life)).min() else {
                continue;
            };
            *sizes.entry(cohort).or_default() += 1;
            let active: BTreeSet<Date> = sales.map(|life| month(&life)).collect();
            for active in active {
                let sums = expected.entry((cohort, active)).or_default();
                *sums.entry("customers").or_default() += 1;
            }
            for life in lives.iter().filter(|life| month(life) >= cohort) {
                let sums = expected.entry((cohort, month(life))).or_default();
                let (orders, of_life) = (i64::from(life.invoice.is_sale()), life.sums());
                *sums.entry("orders").or_default() += orders;
                *sums.entry("revenue").or_default() += of(&of_life, "revenue");
                *sums.entry("net").or_default() += net(&of_life);
            }
        }
        let figures = ["orders", "revenue", "net"];
        expected.retain(|_, sums| figures.iter().any(|name| of(sums, name) != 0));
        let rows = self.told_both_ways("customers/cohorts?").await?;
        ensure!(
            rows.len() == expected.len(),
            "{} rows of cohorts",
            rows.len()
        );
        for (row, ((cohort, month), sums)) in rows.iter().zip(&expected) {
            let months = |date: &Date| date.year() * 12 + i32::from(u8::from(date.month()));
            let since = months(month) - months(cohort);
            let of_what = row["cohort"] == cohort.to_string()
                && row["month"] == month.to_string()
                && row["months_since"] == since
                && row["size"] == sizes[cohort];
            let all = ["customers", "orders", "revenue", "net"];
            let all = all.iter().all(|name| is(row, sums, name));
            ensure!(
                of_what && all && row["currency"] == "GBP",
                "{row}, not {sums:?}"
            );
        }
        Ok(())
    }
}

/// Rows of a list are those with the most of what it is sorted by, and as they
/// should be.
fn are_the_top(
    question: &str,
    rows: &[Value],
    sort: &str,
    expected: &BTreeMap<&str, Sums>,
    check: impl Fn(&Value) -> Option<()>,
) -> anyhow::Result<()> {
    let mut most: Vec<i64> = expected.values().map(|sums| of(sums, sort)).collect();
    most.sort_unstable_by(|a, b| b.cmp(a));
    most.truncate(MOST);
    let told: Vec<i64> = rows
        .iter()
        .map(|row| row[sort].as_i64().unwrap_or(i64::MIN))
        .collect();
    ensure!(told == most, "{question}: {told:?}, not {most:?}");
    for row in rows {
        check(row).with_context(|| format!("{question}: {row}"))?;
    }
    Ok(())
}
