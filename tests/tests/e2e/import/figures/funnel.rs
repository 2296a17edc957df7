//! How far sales come, and how long it takes them.

use super::{
    super::lives::Life,
    Figures,
    calendar::first,
    sums::{half_even, number, text},
};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::collections::BTreeMap;

impl Figures<'_> {
    /// As a whole, and month by month.
    pub(super) async fn funnel(&self) -> anyhow::Result<()> {
        for (question, by_month) in [
            ("funnel?", false),
            ("funnel?interval=month&group_by=platform", true),
        ] {
            let mut expected = BTreeMap::<(Option<String>, String), Vec<i64>>::new();
            for life in self.lives.iter().filter(|life| life.invoice.is_sale()) {
                let month = first(life.invoice.placed_at.date()).to_string();
                for (step, seconds) in steps(life) {
                    let period = by_month.then(|| month.clone());
                    expected.entry((period, step)).or_default().push(seconds);
                }
            }
            let rows = self.told_both_ways(question).await?;
            ensure!(
                rows.len() == expected.len(),
                "{} rows of {question}",
                rows.len()
            );
            for row in &rows {
                let key = (
                    row["period"].as_str().map(str::to_owned),
                    text(row, "step")?,
                );
                let took = expected.get(&key).with_context(|| row.to_string())?;
                took_so_long(row, took.clone())?;
            }
        }
        Ok(())
    }
}

/// Steps of a sale, with the seconds that it took.
fn steps(life: &Life) -> Vec<(String, i64)> {
    let seconds = |from: &str, to: &str| {
        let (from, to) = (life.reached.get(from)?, life.reached.get(to)?);
        Some((*to - *from).whole_seconds())
    };
    let mut steps = vec![("placed".to_owned(), 0)];
    for (from, to) in [
        ("placed", "paid"),
        ("placed", "shipped"),
        ("placed", "delivered"),
        ("placed", "refunded"),
        ("placed", "cancelled"),
        ("paid", "shipped"),
        ("shipped", "delivered"),
    ] {
        steps.extend(seconds(from, to).map(|seconds| (format!("{from}_{to}"), seconds)));
    }
    steps
}

/// Counts, average, buckets and quantiles of one step.
fn took_so_long(row: &Value, mut took: Vec<i64>) -> anyhow::Result<()> {
    took.sort_unstable();
    let (count, sum) = (i64::try_from(took.len())?, took.iter().sum());
    let average = Some(half_even(sum, count));
    ensure!(
        row["orders"] == count && row["average_seconds"].as_i64() == average,
        "{row}"
    );
    let buckets = row["buckets"].as_array().context("buckets")?;
    let mut counted = 0;
    for bucket in buckets {
        let (from, to) = (number(bucket, "from_seconds"), number(bucket, "to_seconds"));
        ensure!(to == (2 * from).max(1), "{bucket}");
        let within = took
            .iter()
            .filter(|seconds| (from..to).contains(seconds))
            .count();
        ensure!(
            number(bucket, "orders") == i64::try_from(within)?,
            "{bucket}"
        );
        counted += number(bucket, "orders");
    }
    ensure!(counted == count, "{row}");
    for (percent, name) in [
        (50, "p50_seconds"),
        (90, "p90_seconds"),
        (99, "p99_seconds"),
    ] {
        let place = (took.len() * percent).div_ceil(100).max(1) - 1;
        let told = number(row, name);
        let bucket = |seconds: i64| {
            buckets.iter().position(|b| {
                (number(b, "from_seconds")..number(b, "to_seconds")).contains(&seconds)
            })
        };
        ensure!(
            bucket(told).is_some() && bucket(told) == bucket(took[place]),
            "{name} of {row}"
        );
    }
    Ok(())
}
