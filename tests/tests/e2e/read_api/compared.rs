//! Statistics beside an earlier range, and periods in which nothing was.

use super::views::Views;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::TestEnv;

super::suite![
    periods_without_anything_are_told_as_zeros,
    days_have_the_hours_that_their_zone_gives_them,
    figures_stand_beside_those_of_an_earlier_range,
    periods_are_held_against_each_other_one_by_one,
    every_combination_of_groups_adds_up_to_the_whole,
    what_cannot_be_compared_or_filled_is_refused,
];

/// An order each hour of a year in the summer time of half the world, worth its
/// hour since the beginning of the year; each third one in another currency.
const HOURLY: &str = "
    INSERT INTO order_statistics (by_event, hour, platform, currency, country, kind, \"partition\",
        orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
        charged_back, credited)
    SELECT false, '2026-01-01Z'::timestamptz + n * interval '1 hour',
           (ARRAY['web', 'shop'])[n % 2 + 1], (ARRAY['GBP', 'GBP', 'EUR'])[n % 3 + 1],
           (ARRAY['GB', 'FR', 'DE', 'ZZ', 'US'])[n % 5 + 1], 'order', n % 12,
           1, 0, n % 4, n, 0, 0, 0, n, n, 0, 0, 0
      FROM generate_series(0, 365 * 24 - 1) n";

/// Two orders with a week between them, and one the month before.
const SPARSE: &str = "
    INSERT INTO order_statistics (by_event, hour, platform, currency, country, kind, \"partition\",
        orders, cancelled, units, items, discounts, shipping, tax, revenue, captured, refunded,
        charged_back, credited)
    SELECT false, hour, platform, currency, 'GB', 'order', 0,
           1, 0, 1, worth, 0, 0, 0, worth, 0, 0, 0, 0
      FROM (VALUES ('2026-03-02T10:00Z'::timestamptz, 'web', 'GBP', 100),
                   ('2026-03-09T10:00Z', 'web', 'GBP', 200),
                   ('2026-02-02T10:00Z', 'web', 'GBP', 40),
                   ('2026-02-20T10:00Z', 'shop', 'EUR', 7)) v (hour, platform, currency, worth)";

async fn views(env: &TestEnv, sums: &str) -> anyhow::Result<Views> {
    let views = Views::start(env).await?;
    views.execute(sums).await?;
    Ok(views)
}

async fn answer(views: &Views, query: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/statistics/orders?{query}");
    Ok(views.api.get(&path).await?.expect(200)?.json)
}

async fn rows(views: &Views, query: &str) -> anyhow::Result<Vec<Value>> {
    let answer = answer(views, query).await?;
    Ok(answer["data"].as_array().context("a list")?.clone())
}

fn told<'a>(rows: &'a [Value], name: &str) -> Vec<&'a Value> {
    rows.iter().map(|row| &row[name]).collect()
}

async fn periods_without_anything_are_told_as_zeros(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, SPARSE).await?;
    let march = "from=2026-03-01&to=2026-03-11&interval=day";
    ensure!(rows(&views, march).await?.len() == 2);
    let filled = rows(&views, &format!("{march}&fill=zeros")).await?;
    ensure!(filled.len() == 10, "{filled:?}");
    ensure!(filled[0]["period"] == "2026-03-01" && filled[9]["period"] == "2026-03-10");
    let revenue = told(&filled, "revenue");
    ensure!(revenue == [0, 100, 0, 0, 0, 0, 0, 0, 200, 0]);
    ensure!(filled[0]["average_value"] == Value::Null && filled[1]["average_value"] == 100);
    // Without ends from the first to the last one in which anything was; of
    // each group that there is, in its own currency.
    let weeks = rows(&views, "interval=week&fill=zeros&group_by=platform").await?;
    ensure!(weeks.len() == 2 * 6, "{weeks:?}");
    ensure!(weeks[0]["period"] == "2026-02-02" && weeks[11]["period"] == "2026-03-09");
    let shop = weeks.iter().filter(|row| row["platform"] == "shop");
    let shop: Vec<_> = shop
        .map(|row| (&row["currency"], &row["revenue"]))
        .collect();
    ensure!(shop.iter().all(|(currency, _)| *currency == "EUR"));
    ensure!(
        shop.iter()
            .map(|(_, revenue)| revenue.as_i64())
            .sum::<Option<i64>>()
            == Some(7)
    );
    // Nothing at all has no group, and so no row.
    let nothing = "from=2020-01-01&to=2020-02-01&interval=day&fill=zeros";
    ensure!(rows(&views, nothing).await?.is_empty());
    Ok(())
}

async fn days_have_the_hours_that_their_zone_gives_them(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, HOURLY).await?;
    for (zone, from, to, hours) in [
        // Clocks go forward on 29 March and back on 25 October.
        ("Europe/London", "2026-03-28", "2026-03-31", [24, 23, 24]),
        ("Europe/London", "2026-10-24", "2026-10-27", [24, 25, 24]),
        // By half an hour, on 5 April and 4 October: hours count where they
        // begin.
        (
            "Australia/Lord_Howe",
            "2026-04-04",
            "2026-04-07",
            [24, 25, 24],
        ),
        ("Asia/Kolkata", "2026-05-01", "2026-05-04", [24, 24, 24]),
        ("UTC", "2026-03-28", "2026-03-31", [24, 24, 24]),
    ] {
        for fill in ["", "&fill=zeros"] {
            let query = format!("from={from}&to={to}&time_zone={zone}&interval=day{fill}");
            let days = rows(&views, &query).await?;
            let mut orders: BTreeMap<String, i64> = BTreeMap::new();
            for day in &days {
                let period = day["period"].as_str().context("a period")?.to_owned();
                *orders.entry(period).or_default() += day["orders"].as_i64().unwrap_or_default();
            }
            let orders: Vec<_> = orders.into_values().collect();
            ensure!(orders == hours, "{zone} {from}: {orders:?}");
        }
        // The hours of those days, told one by one.
        let query = format!("from={from}&to={to}&time_zone={zone}&interval=hour&fill=zeros");
        let single = rows(&views, &query).await?;
        let expected = hours.iter().sum::<i64>();
        let orders = told(&single, "orders");
        let orders: Option<i64> = orders.into_iter().map(Value::as_i64).sum();
        ensure!(orders == Some(expected), "{zone} {from}: {orders:?}");
        let mut periods = told(&single, "period");
        periods.dedup();
        ensure!(i64::try_from(periods.len())? == expected, "{zone} {from}");
    }
    Ok(())
}

async fn figures_stand_beside_those_of_an_earlier_range(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, SPARSE).await?;
    let march = "from=2026-03-01&to=2026-04-01";
    let compared = answer(&views, &format!("{march}&compare=previous_period")).await?;
    let range = json!({"from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"});
    ensure!(compared["compared_with"] == range, "{compared}");
    let data = compared["data"].as_array().context("a list")?;
    // Only then there were euros; and they are added to nothing else.
    ensure!(told(data, "currency") == ["EUR", "GBP"], "{compared}");
    ensure!(told(data, "revenue") == [0, 300]);
    let previous = told(data, "previous");
    ensure!(told_of(&previous, "revenue") == [7, 40] && told_of(&previous, "orders") == [1, 1]);
    // The figures are those of the earlier range by itself.
    let alone = answer(&views, "from=2026-02-01&to=2026-03-01").await?;
    for row in alone["data"].as_array().context("a list")? {
        let beside = data
            .iter()
            .find(|other| other["currency"] == row["currency"]);
        let beside = &beside.context("the same currency")?["previous"];
        let figures = beside.as_object().context("figures")?;
        ensure!(
            figures.iter().all(|(name, value)| row[name] == *value),
            "{row}"
        );
    }
    ensure!(alone.get("compared_with").is_none() && alone["data"][0].get("previous").is_none());

    let year = format!("{march}&time_zone=Europe/Paris&compare=previous_year");
    let year = answer(&views, &year).await?;
    ensure!(year["compared_with"] == json!({"from": "2025-03-01", "to": "2025-04-01"}));
    ensure!(year["data"][0]["previous"]["revenue"] == 0);
    ensure!(year["data"][0]["previous"]["average_value"] == Value::Null);
    Ok(())
}

fn told_of<'a>(rows: &[&'a Value], name: &str) -> Vec<&'a Value> {
    rows.iter().map(|row| &row[name]).collect()
}

async fn periods_are_held_against_each_other_one_by_one(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, HOURLY).await?;
    let query = "from=2026-03-01&to=2026-04-01&interval=day&compare=previous_period&fill=zeros\
                 &currency=GBP";
    let march = rows(&views, query).await?;
    let february = rows(
        &views,
        "from=2026-02-01&to=2026-03-01&interval=day&currency=GBP",
    )
    .await?;
    ensure!((march.len(), february.len()) == (31, 28));
    for (now, before) in march.iter().zip(&february) {
        ensure!(
            now["previous"]["revenue"] == before["revenue"],
            "{now} {before}"
        );
    }
    ensure!(
        march[28..].iter().all(|row| row.get("previous").is_none()),
        "February has no 29th"
    );
    // Where the earlier range is longer, what is left of it is in no period.
    let query = "from=2026-02-01&to=2026-03-01&interval=day&compare=previous_period&currency=GBP";
    ensure!(rows(&views, query).await?.len() == 28);
    Ok(())
}

async fn every_combination_of_groups_adds_up_to_the_whole(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, HOURLY).await?;
    let range = "from=2026-06-01&to=2026-07-01&compare=previous_period";
    let of = |rows: &[Value], name: &str| -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for row in rows {
            let currency = row["currency"].as_str().unwrap_or_default().to_owned();
            let value = row
                .pointer(name)
                .and_then(Value::as_i64)
                .unwrap_or_default();
            *sums.entry(currency).or_default() += value;
        }
        sums
    };
    let whole = rows(&views, range).await?;
    let groups = ["platform", "currency", "country", "kind"];
    for chosen in 0..1_u32 << groups.len() {
        let names = groups.iter().enumerate();
        let names = names.filter(|(place, _)| chosen & (1 << place) != 0);
        let names: Vec<_> = names.map(|(_, name)| *name).collect();
        let group = if names.is_empty() {
            String::new()
        } else {
            format!("&group_by={}", names.join(","))
        };
        for interval in ["", "&interval=day", "&interval=day&fill=zeros"] {
            let parts = rows(&views, &format!("{range}{group}{interval}")).await?;
            for figure in ["/revenue", "/orders", "/units"] {
                ensure!(
                    of(&parts, figure) == of(&whole, figure),
                    "{group}{interval}"
                );
            }
        }
        // May has a day more than June.
        let parts = rows(&views, &format!("{range}{group}")).await?;
        let figure = "/previous/revenue";
        ensure!(of(&parts, figure) == of(&whole, figure), "{group}");
    }
    Ok(())
}

async fn what_cannot_be_compared_or_filled_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let views = views(env, SPARSE).await?;
    for wrong in [
        "fill=zeros",
        "fill=null&interval=day",
        "compare=previous_period&from=2026-01-01",
        "compare=before&from=2026-01-01&to=2026-02-01",
    ] {
        let refused = views
            .api
            .get(&format!("/v1/statistics/orders?{wrong}"))
            .await?;
        refused.expect_problem(400, "invalid_parameter")?;
    }
    let long = "/v1/statistics/orders?interval=hour&fill=zeros&from=2000-01-01&to=2026-12-31";
    let refused = views.api.get(long).await?;
    refused.expect_problem(400, "too_many_rows")?;
    Ok(())
}
