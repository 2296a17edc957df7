//! Files of every format, through the whole path. What becomes of each order of
//! them is in `tests/data/import/*.golden.ndjson`; here is what the system makes
//! of that.

use super::system::System;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use std::{fmt::Write as _, fs};
use tests::{TestEnv, wait_until};

fn data(name: &str) -> anyhow::Result<String> {
    let path = tests::root().join("tests/data/import").join(name);
    let path = path.into_os_string().into_string();
    path.map_err(|path| anyhow::anyhow!("{} is not text", path.display()))
}

/// Imports a file to its end; how many orders were imported, there already, and
/// refused.
async fn import(
    system: &System<'_>,
    file: &str,
    format: &str,
    more: &[&str],
) -> anyhow::Result<[u64; 3]> {
    let summary = system.import_as(format, file, more).await?;
    let count = |name: &str| summary[name]["invoices"].as_u64().context(name.to_owned());
    Ok([
        count("imported")?,
        count("already_there")?,
        count("refused")?,
    ])
}

async fn order(system: &System<'_>, platform: &str, external_id: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/orders/by_external_id/{platform}/{external_id}");
    Ok(system.api.get(&path).await?.expect(200)?.json)
}

fn axes(order: &Value) -> Value {
    let totals = &order["totals"];
    json!([
        order["status"],
        order["payment_status"],
        order["fulfillment_status"],
        totals["total"],
        totals["balance_due"]
    ])
}

pub async fn a_csv_with_a_mapping(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let (file, mapping) = (data("lampen.csv")?, data("lampen.toml")?);
    let import = async |more: &[&str]| {
        let more = [&["--mapping", &mapping], more].concat();
        import(&system, &file, "csv", &more).await
    };
    ensure!(import(&["--dry-run"]).await? == [4, 0, 6]);
    ensure!(system.logged().await? == 0);
    ensure!(import(&[]).await? == [4, 0, 6]);
    ensure!(import(&[]).await? == [0, 4, 6]);
    system.verify_clean(4).await?;
    let lamp = order(&system, "lampen", "10001").await?;
    ensure!(
        axes(&lamp) == json!(["placed", "paid", "fulfilled", 250_271, 0]),
        "{lamp}"
    );
    ensure!(
        lamp["placed_at"] == "2025-12-01T07:26:00Z" && lamp["country"] == "DE",
        "{lamp}"
    );
    ensure!(
        lamp["lines"][0]["name"] == "Tischlampe \"Abend\", weiß",
        "{lamp}"
    );
    let cancelled = order(&system, "lampen", "10002").await?;
    ensure!(cancelled["status"] == "cancelled", "{cancelled}");
    Ok(())
}

pub async fn orders_of_shopify(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let more = ["--platform", "tees"];
    let imported = import(&system, &data("shopify.json")?, "shopify", &more).await?;
    ensure!(imported == [6, 0, 4], "{imported:?}");
    system.verify_clean(6).await?;
    for (id, expected) in [
        ("5001", json!(["placed", "paid", "partial", 6_895, 0])),
        (
            "5002",
            json!(["placed", "partially_refunded", "fulfilled", 4_000, 0]),
        ),
        (
            "5003",
            json!(["cancelled", "refunded", "unfulfilled", 0, 0]),
        ),
        (
            "5004",
            json!(["placed", "authorized", "unfulfilled", 1_000, 1_000]),
        ),
        (
            "5005",
            json!(["placed", "partially_paid", "unfulfilled", 2_000, 1_250]),
        ),
        ("5006", json!(["placed", "paid", "unfulfilled", 0, 0])),
    ] {
        let order = order(&system, "tees", id).await?;
        ensure!(axes(&order) == expected, "{id}: {}", axes(&order));
    }
    let first = order(&system, "tees", "5001").await?;
    let parcel = &first["fulfillments"][0];
    ensure!(parcel["delivered_at"] == "2025-03-18T20:20:00Z", "{parcel}");
    let returned = &order(&system, "tees", "5002").await?["returns"][0];
    ensure!(
        returned["status"] == "closed" && returned["requested_at"] == "2025-03-16T13:00:00Z",
        "{returned}"
    );
    ensure!(returned["lines"][0]["received"] == 1 && returned["lines"][0]["resellable"] == 0);
    for tag in ["#1001", "spring", "vip"] {
        let tags = first["tags"].as_array().context("no tags")?;
        ensure!(tags.contains(&tag.into()), "{tags:?}");
    }
    Ok(())
}

pub async fn orders_as_the_api_takes_them(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let report = system.dir.path().join("refused.ndjson");
    let path = report.to_str().context("a path is text")?;
    let file = data("orders.ndjson")?;
    let imported = import(&system, &file, "ndjson", &["--report", path]).await?;
    ensure!(imported == [2, 0, 2], "{imported:?}");
    let report = fs::read_to_string(report)?;
    let records = report.lines().map(serde_json::from_str::<Value>);
    let records = records.collect::<Result<Vec<_>, _>>()?;
    let refused = records.iter().filter(|record| record["record"] == "line");
    let mut refused: Vec<_> = refused
        .map(|r| (r["line"].as_u64(), r["code"].as_str()))
        .collect();
    refused.sort_unstable();
    let expected = [
        (4, "no_lines"),
        (5, "invalid_body"),
        (6, "invalid_body"),
        (7, "invalid_json"),
    ];
    ensure!(
        refused == expected.map(|(line, code)| (Some(line), Some(code))),
        "{report}"
    );
    system.verify_clean(2).await
}

pub async fn the_tables_of_a_shop_in_postgresql(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    // A schema of its own beside our views is as good as another database.
    let mut shop = PgConnection::connect(&env.config.ops_url).await?;
    sqlx::raw_sql("CREATE SCHEMA shop; SET search_path = shop")
        .execute(&mut shop)
        .await?;
    sqlx::raw_sql(&fs::read_to_string(data("shop.sql")?)?)
        .execute(&mut shop)
        .await?;
    shop.close().await?;
    let mark = if env.config.ops_url.contains('?') {
        '&'
    } else {
        '?'
    };
    let url = format!(
        "{}{mark}options=-c%20search_path%3Dshop",
        env.config.ops_url
    );
    let mapping = data("shop.json")?;
    let imported = import(&system, &url, "sql", &["--mapping", &mapping]).await?;
    ensure!(imported == [2, 0, 1], "{imported:?}");
    system.verify_clean(2).await?;
    let paid = order(&system, "small-shop", "1").await?;
    ensure!(
        axes(&paid) == json!(["placed", "paid", "fulfilled", 3_972, 0]),
        "{paid}"
    );
    Ok(())
}

/// Orders of two rows each.
fn many(orders: u32) -> String {
    let mut rows = "no,at,sku,quantity,price\n".to_owned();
    for order in 0..orders {
        for sku in ["A", "B"] {
            let _ = writeln!(rows, "{order},2025-01-02,{sku},1,9.99");
        }
    }
    rows
}

const MAPPING: &str = r#"
    platform = "many"
    [fields]
    external_id = "no"
    currency = { value = "EUR" }
    placed_at = "at"
    sku = "sku"
    quantity = "quantity"
    unit_price = "price"
"#;

pub async fn a_killed_import_goes_on_when_it_is_repeated(env: &TestEnv) -> anyhow::Result<()> {
    const ORDERS: u32 = 6_000;
    let system = System::start(env).await?;
    let file = system.file(&many(ORDERS))?;
    let mapping = system.dir.path().join("mapping.toml");
    fs::write(&mapping, MAPPING)?;
    let mapping = ["--mapping", mapping.to_str().context("a path is text")?];
    let args = system.args_as("csv", &file, &mapping)?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let running = env.role("import").args(&args).spawn()?;
    wait_until("some orders", async || {
        Ok((system.logged().await? >= 500).then_some(()))
    })
    .await?;
    running.kill9().await?;
    let [imported, there, refused] = import(&system, &file, "csv", &mapping).await?;
    ensure!(
        imported + there == u64::from(ORDERS) && refused == 0,
        "{imported} + {there}"
    );
    ensure!(imported > 0 && there >= 500, "{imported} + {there}");
    system.verify_clean(u64::from(ORDERS)).await
}
