//! Every figure of every route of statistics, beside what lives add up to.

mod calendar;
mod funnel;
mod lists;
mod sums;

use super::{
    lives::{Life, Sums},
    system::System,
};
use anyhow::{Context as _, ensure};
use calendar::{first, london, monday};
use serde_json::Value;
use std::{collections::BTreeMap, ops::Range};
use sums::{are, text};
use time::{Date, Duration, OffsetDateTime};

/// No order is archived, and no sum is kept by that: figures are counted one by
/// one.
const COUNTED: &str = "archived=false";

/// Lives, and who tells of them.
pub struct Figures<'a> {
    pub system: &'a System<'a>,
    pub lives: &'a [Life],
}

/// What a row is of: its period, and values of what is grouped by.
type Group = Vec<String>;

/// Which date something counts at.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Order,
    Event,
}

impl Figures<'_> {
    pub async fn check(&self) -> anyhow::Result<()> {
        self.orders().await?;
        self.products().await?;
        self.customers().await?;
        self.cohorts().await?;
        self.funnel().await
    }

    async fn told(&self, question: &str) -> anyhow::Result<Vec<Value>> {
        let path = format!("/v1/statistics/{question}");
        let answer = self.system.api.get(&path).await?.expect(200)?;
        Ok(answer.json["data"].as_array().context("no rows")?.clone())
    }

    /// The same from the sums and from the orders one by one.
    async fn told_both_ways(&self, question: &str) -> anyhow::Result<Vec<Value>> {
        let told = self.told(question).await?;
        let counted = self.told(&format!("{question}&{COUNTED}")).await?;
        ensure!(told == counted, "{question} is not what is counted");
        Ok(told)
    }

    /// Both dates, every length of a period, a time zone, and each axis.
    async fn orders(&self) -> anyhow::Result<()> {
        let whole: fn(OffsetDateTime) -> Option<String> = |_| None;
        for (by, name) in [(By::Order, "order_date"), (By::Event, "event_date")] {
            let day = |at: OffsetDateTime| Some(at.date().to_string());
            self.grouped(
                by,
                &format!("by={name}&interval=day"),
                day,
                &["country", "kind"],
            )
            .await?;
            let hour = |at: OffsetDateTime| Some(format!("{}T{:02}:00:00Z", at.date(), at.hour()));
            self.grouped(by, &format!("by={name}&interval=hour"), hour, &[])
                .await?;
            let week = |at: OffsetDateTime| Some(monday(london(at)).to_string());
            let zone = format!("by={name}&time_zone=Europe/London");
            self.grouped(by, &format!("{zone}&interval=week"), week, &["platform"])
                .await?;
            let month = |at: OffsetDateTime| Some(first(london(at)).to_string());
            self.grouped(
                by,
                &format!("{zone}&interval=month"),
                month,
                &["currency", "kind"],
            )
            .await?;
            self.grouped(by, &format!("by={name}"), whole, &[]).await?;
        }
        let axes = [
            "status",
            "payment_status",
            "fulfillment_status",
            "return_status",
        ];
        self.grouped(By::Order, "by=order_date", whole, &axes)
            .await?;
        for axis in axes {
            let month = |at: OffsetDateTime| Some(first(at.date()).to_string());
            self.grouped(By::Order, "interval=month", month, &[axis])
                .await?;
        }
        self.compared().await
    }

    async fn grouped(
        &self,
        by: By,
        query: &str,
        period: impl Fn(OffsetDateTime) -> Option<String>,
        groups: &[&str],
    ) -> anyhow::Result<()> {
        let mut expected = BTreeMap::<Group, Sums>::new();
        for life in self.lives {
            let values = groups.iter().map(|name| value(life, name));
            let values: Vec<String> = values.collect();
            for (at, moved) in &life.moved {
                let counts_at = if by == By::Order {
                    life.invoice.placed_at
                } else {
                    *at
                };
                let group = period(counts_at).into_iter().chain(values.clone());
                let sums = expected.entry(group.collect()).or_default();
                for (name, value) in moved {
                    *sums.entry(*name).or_default() += value;
                }
            }
        }
        expected.retain(|_, sums| sums.values().any(|value| *value != 0));
        let question = format!(
            "orders?{query}&group_by={}",
            ["currency"]
                .iter()
                .chain(groups)
                .copied()
                .collect::<Vec<_>>()
                .join(",")
        );
        let rows = self.told_both_ways(&question).await?;
        ensure!(
            rows.len() == expected.len(),
            "{question}: {} rows, not {}",
            rows.len(),
            expected.len()
        );
        for row in &rows {
            let names = ["period"]
                .into_iter()
                .filter(|_| row.get("period").is_some());
            let group = names
                .chain(groups.iter().copied())
                .map(|name| text(row, name));
            let group: Group = group.collect::<Result<_, _>>()?;
            let sums = expected
                .get(&group)
                .with_context(|| format!("{question}: {row}"))?;
            are(row, sums).with_context(|| question.clone())?;
            ensure!(row["currency"] == "GBP", "{row}");
        }
        Ok(())
    }

    /// A month beside the one before, and beside that of the year before.
    async fn compared(&self) -> anyhow::Result<()> {
        let placed_in = |days: Range<Date>| {
            let mut sums = Sums::new();
            for (name, value) in self.placed_in(&days).flat_map(Life::sums) {
                *sums.entry(name).or_default() += value;
            }
            sums
        };
        let month = self.month();
        let (from, to) = (month.start, month.end);
        let year = |date: Date| date.replace_year(date.year() - 1);
        for (compare, earlier) in [
            ("previous_period", first(from - Duration::DAY)..from),
            ("previous_year", year(from)?..year(to)?),
        ] {
            let question = format!("orders?from={from}&to={to}&compare={compare}");
            let rows = self.told_both_ways(&question).await?;
            let row = rows.first().context("a row")?;
            are(row, &placed_in(from..to))?;
            are(&row["previous"], &placed_in(earlier))?;
        }
        Ok(())
    }

    /// In the midst of them.
    fn month(&self) -> Range<Date> {
        let from = first(self.lives[self.lives.len() / 2].invoice.placed_at.date());
        from..first(from + Duration::days(32))
    }

    /// All days, and a month.
    fn ranges(&self) -> [(String, Range<Date>); 2] {
        let month = self.month();
        let query = format!("&from={}&to={}", month.start, month.end);
        [(String::new(), Date::MIN..Date::MAX), (query, month)]
    }

    fn placed_in(&self, days: &Range<Date>) -> impl Iterator<Item = &Life> {
        let lives = self.lives.iter();
        lives.filter(|life| days.contains(&life.invoice.placed_at.date()))
    }
}

/// What an order has of what is grouped by.
fn value(life: &Life, name: &str) -> String {
    let value = match name {
        "platform" => "online-retail",
        "currency" => "GBP",
        "country" => life.invoice.country,
        "kind" => life.invoice.kind,
        axis => life.statuses[axis],
    };
    value.to_owned()
}
