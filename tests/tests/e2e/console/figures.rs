//! The page of figures.

use super::scene::{Scene, Viewer};
use crate::people::town::{MARL, order};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tests::TestEnv;

/// Bytes that a page may have.
const LARGEST: usize = 100 << 10;
const PARTS: [&str; 8] = [
    "series",
    "platforms",
    "countries",
    "currencies",
    "products",
    "customers",
    "funnel",
    "cohorts",
];

/// Places an order of 7.50, and waits until it is read.
async fn place(scene: &Scene<'_>, customer: &str, change: impl FnOnce(&mut Value)) -> Result<()> {
    let mut body = order(&MARL, Some(customer));
    change(&mut body);
    let placed = scene.town.scene.api.post("/v1/orders", &body).await?;
    let placed = placed.expect(201)?;
    let path = placed.header("location");
    scene.town.read(path, &placed.json["position"]).await?;
    Ok(())
}

/// The path of the call that a part of the page says that it is made of.
fn call(page: &str, part: &str) -> Result<String> {
    let told = || format!("no call of {part} in {page}");
    let section = page.split_once(&format!("id=\"{part}\""));
    let (_, section) = section.with_context(told)?;
    let (_, rest) = section.split_once("$ORDERLOG_URL").with_context(told)?;
    let (path, _) = rest.split_once("&quot;").with_context(told)?;
    Ok(path.replace("&amp;", "&"))
}

/// A part as a file: its rows.
async fn file(viewer: &Viewer, part: &str, query: &str) -> Result<Vec<String>> {
    let path = format!("/console/figures/{part}.csv?{query}");
    let file = viewer.get(&path).await?.expect(200)?;
    ensure!(file.header("content-type") == "text/csv; charset=utf-8");
    ensure!(
        file.header("content-disposition")
            .starts_with("attachment; ")
    );
    let rows = file.text.trim_end().split("\r\n").map(str::to_owned);
    Ok(rows.collect())
}

pub async fn what_is_shown_is_what_the_api_says(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    for customer in ["c-1", "c-2"] {
        place(&scene, customer, |_| ()).await?;
    }
    let viewer = scene.viewer(None).await?;
    let page = viewer.get("/console/figures?range=7d").await?.expect(200)?;
    ensure!(page.text.len() < LARGEST, "{} bytes", page.text.len());
    ensure!(!page.text.contains(" style="), "the policy forbids it");
    let page = page
        .shows("Days are those of UTC.")?
        .shows("15.00\u{a0}GBP")?
        .shows("<svg class=\"chart\"")?;
    for part in PARTS {
        let path = call(&page.text, part)?;
        let told = scene.town.see(&path).await?.expect(200)?.json;
        let told = told["data"].as_array().context("no rows")?;
        let rows = file(&viewer, part, "range=7d&currency=GBP&tz=UTC").await?;
        // The funnel has its steps, whichever were taken.
        ensure!(
            rows.len() == told.len() + 1 || part == "funnel",
            "{part}: {rows:?} / {told:?}"
        );
        let amounts: i64 = told.iter().filter_map(|row| row["revenue"].as_i64()).sum();
        ensure!(
            amounts == 1_500 || matches!(part, "products" | "funnel"),
            "{told:?}"
        );
    }
    for (part, row) in [
        ("platforms", "web,2,6,1500,750,0,GBP"),
        ("countries", "GB,2,6,1500,750,0,GBP"),
        ("currencies", "GBP,2,1500,0"),
        ("products", "A,Lamp,2,6,0,1500,GBP"),
        ("funnel", "placed,2,1.000,0,0,0"),
    ] {
        let rows = file(&viewer, part, "range=7d&currency=GBP&tz=UTC").await?;
        ensure!(rows.get(1).is_some_and(|first| first == row), "{rows:?}");
    }
    let series = file(&viewer, "series", "range=7d&tz=UTC").await?;
    let orders = series
        .iter()
        .skip(1)
        .filter_map(|row| row.split(',').nth(1));
    let orders: i64 = orders.filter_map(|orders| orders.parse::<i64>().ok()).sum();
    ensure!(orders == 2 && series.len() == 8, "{series:?}");
    viewer.get("/console/figures/else.csv").await?.expect(404)?;
    Ok(())
}

pub async fn an_empty_shop_says_what_to_do(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let viewer = scene.viewer(None).await?;
    for path in [
        "/console/figures",
        "/console/figures?currency=EUR&range=12m",
    ] {
        let page = viewer.get(path).await?.expect(200)?;
        let page = page.shows("No order was placed in these days.")?;
        let page = page.shows("orderlog import")?.shows("range=12m")?;
        page.hides("<svg class=\"chart\"")?;
    }
    Ok(())
}

pub async fn days_are_those_of_the_zone_in_the_url(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    place(&scene, "c-1", |body| {
        body["placed_at"] = "2026-02-10T23:30:00Z".into();
    })
    .await?;
    let viewer = scene.viewer(None).await?;
    let days = "range=between&from=2026-02-10&through=2026-02-11&interval=day";
    for (zone, day) in [("UTC", "2026-02-10"), ("Asia/Tokyo", "2026-02-11")] {
        let query = format!("{days}&tz={zone}");
        let rows = file(&viewer, "series", &query).await?;
        let expected = format!("{day},1,750,750,0,");
        let orders = rows.iter().filter(|row| row.contains(",1,750,"));
        ensure!(orders.clone().count() == 1, "{rows:?}");
        ensure!(
            orders.clone().all(|row| row.starts_with(&expected)),
            "{rows:?}"
        );
        let page = viewer.get(&format!("/console/figures?{query}")).await?;
        page.expect(200)?.shows(zone)?.shows(day)?;
    }
    let hours = "range=between&from=2026-02-11&through=2026-02-11&interval=hour&tz=Asia/Tokyo";
    let rows = file(&viewer, "series", hours).await?;
    let hour = rows.iter().find(|row| row.contains(",1,750,"));
    ensure!(
        hour.is_some_and(|row| row.starts_with("02-11 08:00,")),
        "{rows:?}"
    );
    Ok(())
}

pub async fn the_range_before_stands_beside_each_period(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    for (customer, day) in [("c-1", "2026-02-10"), ("c-2", "2026-02-11")] {
        place(&scene, customer, |body| {
            body["placed_at"] = format!("{day}T12:00:00Z").into();
        })
        .await?;
    }
    let viewer = scene.viewer(None).await?;
    let of_a_day = "range=between&from=2026-02-11&through=2026-02-11&currency=GBP&tz=UTC";
    let rows = file(&viewer, "series", &format!("{of_a_day}&interval=day")).await?;
    ensure!(
        rows[1].starts_with("2026-02-11,1,750,750,0,1,750,750,0,"),
        "{rows:?}"
    );
    let page = viewer.get(&format!("/console/figures?{of_a_day}")).await?;
    page.expect(200)?.shows("before: 7.50\u{a0}GBP")?;
    let of_a_month = "range=between&from=2026-02-01&through=2026-02-28&currency=GBP&tz=UTC";
    for (days, interval, orders) in [
        (of_a_day, "hour", 1),
        (of_a_month, "day", 2),
        (of_a_month, "week", 2),
        (of_a_month, "month", 2),
    ] {
        let query = format!("{days}&interval={interval}");
        let rows = file(&viewer, "series", &query).await?;
        let placed = rows
            .iter()
            .skip(1)
            .filter_map(|row| row.split(',').nth(1)?.parse::<i64>().ok());
        ensure!(placed.sum::<i64>() == orders, "{interval}: {rows:?}");
    }
    Ok(())
}

pub async fn currencies_are_never_mixed(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    for (customer, currency) in [("c-1", "GBP"), ("c-2", "GBP"), ("c-3", "EUR")] {
        place(&scene, customer, |body| body["currency"] = currency.into()).await?;
    }
    let viewer = scene.viewer(None).await?;
    // That with the most orders, unless one is named.
    let page = viewer.get("/console/figures").await?.expect(200)?;
    let page = page.shows("15.00\u{a0}GBP")?.shows("EUR (1)")?;
    page.hides("22.50")?;
    let page = viewer.get("/console/figures?currency=EUR").await?;
    let page = page.expect(200)?.shows("7.50\u{a0}EUR")?.shows("GBP (2)")?;
    page.hides("22.50")?;
    let rows = file(&viewer, "currencies", "tz=UTC").await?;
    ensure!(rows[1..] == ["GBP,2,1500,0", "EUR,1,750,0"], "{rows:?}");
    Ok(())
}

pub async fn names_of_products_come_out_as_text(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let name = "<script>alert(1)</script>";
    place(&scene, "c-1", |body| {
        body["lines"][0]["sku"] = "=1+1".into();
        body["lines"][0]["name"] = name.into();
    })
    .await?;
    let viewer = scene.viewer(None).await?;
    let page = viewer.get("/console/figures").await?.expect(200)?;
    page.hides("<script>alert")?
        .shows("&lt;script&gt;alert(1)")?;
    let rows = file(&viewer, "products", "tz=UTC").await?;
    ensure!(rows[1].starts_with("\"'=1+1\","), "{rows:?}");
    Ok(())
}

pub async fn a_key_without_the_scope_is_shown_no_figures(env: &TestEnv) -> Result<()> {
    let scene = Scene::open(env).await?;
    let other = scene.viewer(Some(&["orders:read"])).await?;
    let page = other.get("/console/orders").await?.expect(200)?;
    page.hides("href=\"/console/figures\"")?;
    for path in [
        "/console/figures",
        "/console/figures/series.csv?currency=GBP",
    ] {
        let refused = other.get(path).await?.expect(403)?;
        refused.shows("statistics:read")?;
    }
    let own = scene.viewer(Some(&["statistics:read"])).await?;
    let page = own.get("/console/figures").await?.expect(200)?;
    page.shows("href=\"/console/figures\"")?;
    Ok(())
}
