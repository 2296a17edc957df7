//! Figures of a row, beside sums.

use super::super::lives::{SUMS, Sums};
use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Every figure of a row, those that are made of others among them.
pub fn are(row: &Value, sums: &Sums) -> anyhow::Result<()> {
    for name in SUMS {
        ensure!(is(row, sums, name), "{name} of {row}, not {sums:?}");
    }
    let net_sales = of(sums, "items") - of(sums, "discounts") - of(sums, "credited");
    let count = of(sums, "orders") - of(sums, "cancelled");
    let average = (count > 0).then(|| half_even(of(sums, "revenue"), count));
    ensure!(number(row, "gross_sales") == of(sums, "items"), "{row}");
    ensure!(number(row, "net_sales") == net_sales, "{row}");
    ensure!(number(row, "net") == net(sums), "{row}");
    ensure!(row["average_value"].as_i64() == average, "{row}");
    Ok(())
}

pub fn is(row: &Value, sums: &Sums, name: &str) -> bool {
    row[name].as_i64() == Some(of(sums, name))
}

pub fn of(sums: &Sums, name: &str) -> i64 {
    sums.get(name).copied().unwrap_or_default()
}

pub fn net(sums: &Sums) -> i64 {
    of(sums, "captured") - of(sums, "refunded") - of(sums, "charged_back")
}

pub fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or(i64::MIN)
}

pub fn text(row: &Value, name: &str) -> anyhow::Result<String> {
    let text = row[name].as_str().map(str::to_owned);
    text.with_context(|| format!("{name} of {row}"))
}

/// Halves to the even one.
pub fn half_even(sum: i64, count: i64) -> i64 {
    let (down, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let up = rest * 2 > count || (rest * 2 == count && down % 2 != 0);
    down + i64::from(up)
}
