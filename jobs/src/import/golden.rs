//! Files as shops export them, and what becomes of each order: `tests/data`
//! holds both.

use super::{
    Channel,
    formats::{mapped, ndjson::Ndjson, shopify::Shopify},
    item::{Item, Source},
    open::open,
};
use serde_json::{Value, json};
use std::{fmt::Write as _, path::PathBuf};

fn data(name: &str) -> PathBuf {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/import");
    PathBuf::from(dir).join(name)
}

fn told(item: Item) -> Value {
    match item {
        Item::Order {
            lines,
            idempotency_key,
            body,
            ..
        } => {
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            json!({"lines": lines, "key": idempotency_key, "order": body})
        }
        Item::RefusedInvoice {
            invoice,
            lines,
            reason,
        } => json!({"lines": lines, "refused_order": invoice, "reason": reason}),
        Item::RefusedLine {
            line,
            invoice,
            reason,
        } => json!({"lines": [line], "refused_line_of": invoice, "reason": reason}),
        Item::Unfinished { .. } => panic!("read to its end"),
    }
}

async fn comes_to(mut source: impl Source, expected: &str) {
    let mut found = String::new();
    while let Some(item) = source.next().await.expect("readable") {
        let _ = writeln!(found, "{}", told(item));
    }
    let expected = std::fs::read_to_string(data(expected)).expect("readable");
    for (found, expected) in found.lines().zip(expected.lines()) {
        let [found, expected] =
            [found, expected].map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        assert_eq!(found, expected, "{found}");
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{found}");
}

#[tokio::test]
async fn a_german_shops_export_with_a_mapping() {
    let path = data("lampen.toml");
    let mapping = mapped::Mapping::read(&path).expect("a mapping");
    let input = open(&data("lampen.csv")).await.expect("opens");
    let source = mapped::csv::begin(input.reader, mapping, &path).await;
    comes_to(source.expect("has the columns"), "lampen.golden.ndjson").await;
}

#[tokio::test]
async fn a_shops_tables_with_a_query() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("shop.sqlite");
    let tables = std::fs::read_to_string(data("shop.sql")).expect("readable");
    let options = sqlx_sqlite::SqliteConnectOptions::new();
    let options = options.filename(&file).create_if_missing(true);
    let mut shop = sqlx::ConnectOptions::connect(&options)
        .await
        .expect("opens");
    sqlx::raw_sql(&tables)
        .execute(&mut shop)
        .await
        .expect("SQL");
    drop(shop);
    let path = data("shop.json");
    let mapping = mapped::Mapping::read(&path).expect("a mapping");
    let query = mapping.query.clone().expect("a query");
    let remarked = format!("{} -- in their order", query.trim_end_matches(';'));
    for query in [query, remarked] {
        let mapping = mapped::Mapping {
            query: Some(query),
            ..mapping.clone()
        };
        let begun = mapped::sql::begin(&file, mapping, &path).await;
        let (source, rows, read) = begun.expect("answers");
        assert_eq!(rows, 4);
        comes_to(source, "shop.golden.ndjson").await;
        assert_eq!(read.load(std::sync::atomic::Ordering::Relaxed), 4);
    }
}

#[tokio::test]
async fn what_shopify_tells_of_orders() {
    let channel = Channel {
        platform: "tees".into(),
        prices_include_tax: false,
    };
    let input = open(&data("shopify.json")).await.expect("opens");
    comes_to(Shopify::new(input.reader, channel), "shopify.golden.ndjson").await;
}

#[tokio::test]
async fn orders_as_the_api_takes_them() {
    let input = open(&data("orders.ndjson")).await.expect("opens");
    comes_to(Ndjson::new(input.reader), "orders.golden.ndjson").await;
}

#[tokio::test]
async fn a_mapping_that_names_a_column_that_there_is_not_begins_nothing() {
    let path = data("shop.json");
    let mapping = mapped::Mapping::read(&path).expect("a mapping");
    let input = open(&data("lampen.csv")).await.expect("opens");
    let refused = mapped::csv::begin(input.reader, mapping, &path).await;
    let error = refused.err().expect("refused").to_string();
    assert!(error.contains("there is no column \"no\""), "{error}");
}
