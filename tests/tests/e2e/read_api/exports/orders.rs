//! `/v1/orders.…` and `/v1/lines.…`.

use super::{
    super::{
        lists::pages,
        views::{Views, ids_of},
    },
    files::{Rows, export, export_coded},
};
use crate::whole_path::System;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    sync::atomic::{AtomicBool, Ordering},
};
use tests::{Answer, Api, TestEnv};

super::super::suite![
    every_format_says_what_the_orders_are,
    filters_choose_as_they_do_in_lists,
    an_export_is_of_one_moment_while_orders_are_written,
    an_export_is_coded_as_the_client_likes_it,
    row_groups_follow_one_another,
];

/// Orders of every kind that cells could stumble over; the `position` of each.
async fn place(commands: &Api) -> Result<Vec<String>> {
    let mut placed = Vec::new();
    let line = |sku: &str, name: &str| json!({"sku": sku, "name": name, "quantity": 2, "unit_price": 1_050, "tax": 20});
    let order = |number: usize, lines: Value| {
        json!({"platform": "web", "external_id": format!("E-{number}"), "currency": "GBP", "lines": lines,
            "placed_at": "2026-01-31T23:59:59.5Z"})
    };
    let mut plain = order(1, json!([line("A", "Lamp"), line("B", "Desk")]));
    plain["customer"] =
        json!({"id": "c-1", "name": "Ada \"Countess\" Lovelace", "email": "ada@example.com"});
    plain["tags"] = json!(["gift", "a,b"]);
    let mut formula = order(
        2,
        json!([line("=1+1", "=HYPERLINK(\"https://evil\",\"x\")")]),
    );
    formula["customer"] = json!({"name": "@SUM(A1)", "email": "-x@example.com"});
    let mut fine = order(3, json!([line("Ä,ö", "5\" tube – „größer“ 漢字")]));
    fine["lines"][0]["unit_price"] = json!("0.125");
    fine["shipping"] = json!({"method": "std", "name": "Standard", "amount": 399, "tax": 80});
    fine["shipping_address"] = json!({"line1": "12 St James's Square", "country": "GB"});
    for body in [&plain, &formula, &fine] {
        placed.push(commands.post("/v1/orders", body).await?.expect(201)?);
    }
    let draft = json!({"platform": "shop", "currency": "EUR", "lines": [line("C", "Chair")]});
    placed.push(commands.post("/v1/drafts", &draft).await?.expect(201)?);
    let credit = json!({"platform": "web", "external_id": "C-1", "kind": "credit", "currency": "GBP", "placed_at": "2026-02-01T00:00:00Z",
        "lines": [{"sku": "A", "name": "", "quantity": -1, "unit_price": 1_050}]});
    let credit = commands.post("/v1/orders/import", &credit).await?;
    placed.push(credit.expect(201)?);
    let position = |answer: &Answer| {
        let position = answer.json["position"].as_str();
        position.map(str::to_owned).context("no position")
    };
    placed.iter().map(position).collect()
}

async fn every_format_says_what_the_orders_are(env: &TestEnv) -> Result<()> {
    let System {
        commands, queries, ..
    } = &System::start(env).await?;
    for position in place(commands).await? {
        // Of each one's partition.
        let path = format!("/v1/lines.ndjson?min_position={position}");
        let file = export(queries, &path).await?;
        ensure!(file.header("preference-applied").contains("wait=20"));
    }
    let documents = export(queries, "/v1/orders.ndjson").await?;
    ensure!(documents.header("orderlog-lag").starts_with("events="));
    let (lines, trailer) = documents.lines()?;
    ensure!(lines.len() == 5, "{lines:?}");
    let mut orders = BTreeMap::new();
    for line in &lines {
        let document: Value = serde_json::from_str(line)?;
        let id = document["id"].as_str().context("no id")?.to_owned();
        let answer = queries.request(reqwest::Method::GET, &format!("/v1/orders/{id}"));
        let answer = answer.send().await?.text().await?;
        ensure!(answer == *line, "{line} is answered as {answer}");
        orders.insert(id, document);
    }
    // Whoever goes on from there is told of nothing that is in the export.
    let since = format!("/v1/events.ndjson?after={}", trailer.position);
    ensure!(export(queries, &since).await?.lines()?.0.is_empty());

    let ids: Vec<String> = orders.keys().cloned().collect();
    let path = "/v1/orders.ndjson?fields=id,totals.total";
    let (cut, _) = export(queries, path).await?.lines()?;
    let cut: BTreeSet<String> = cut.into_iter().collect();
    let whole = orders.iter().map(|(id, order)| {
        let total = &order["totals"]["total"];
        format!("{{\"id\":\"{id}\",\"totals\":{{\"total\":{total}}}}}")
    });
    ensure!(cut == whole.collect(), "{cut:?}");

    let csv = export(queries, "/v1/orders.csv").await?;
    let file_name = csv.header("content-disposition");
    ensure!(
        file_name.starts_with("attachment; filename=\"orders-2") && file_name.ends_with("Z.csv\"")
    );
    let (rows, _) = csv.rows()?;
    ensure!(rows.len() == ids.len());
    for row in &rows {
        holds_against(row, &orders[&row["id"]])?;
    }
    let (parquet, _) = export(queries, "/v1/orders.parquet").await?.rows()?;
    ensure!(unescaped(rows) == sorted(parquet));

    let expected = lines_of(orders.values());
    let (json, _) = export(queries, "/v1/lines.ndjson").await?.rows()?;
    ensure!(in_order(&json) == expected, "{json:?}");
    let (csv, _) = export(queries, "/v1/lines.csv").await?.rows()?;
    let evil = csv.iter().filter(|row| row["sku"] == "'=1+1");
    ensure!(evil.count() == 1, "{csv:?}");
    ensure!(unescaped(csv) == sorted(json.clone()));
    let (parquet, _) = export(queries, "/v1/lines.parquet").await?.rows()?;
    ensure!(sorted(parquet) == sorted(json));
    Ok(())
}

/// A row of CSV, against the document of its order.
fn holds_against(row: &BTreeMap<String, String>, order: &Value) -> Result<()> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let totals = order["totals"].as_object().context("no sums")?;
    let same = [
        "number",
        "version",
        "platform",
        "external_id",
        "kind",
        "currency",
        "status",
        "payment_status",
        "fulfillment_status",
        "return_status",
        "confirmed",
        "archived",
        "country",
        "created_at",
        "placed_at",
        "updated_at",
    ];
    let mut expected: BTreeMap<&str, String> = same.map(|name| (name, text(&order[name]))).into();
    expected.extend(totals.iter().map(|(name, sum)| (name.as_str(), text(sum))));
    expected.insert("customer_id", text(&order["customer"]["id"]));
    let lines = order["lines"].as_array().context("no lines")?;
    expected.insert("line_count", lines.len().to_string());
    let labels = order["tags"].as_array().filter(|tags| !tags.is_empty());
    expected.insert(
        "tags",
        labels.map_or(String::new(), |tags| json!(tags).to_string()),
    );
    for (name, value) in expected {
        let cell = row.get(name).cloned().unwrap_or_default();
        ensure!(cell == value, "{name} is {cell:?}, not {value:?}: {row:?}");
    }
    for (cell, name) in [("customer_name", "name"), ("customer_email", "email")] {
        let (cell, value) = (row.get(cell), text(&order["customer"][name]));
        let escaped = format!("'{value}");
        let expected = if value.starts_with(['@', '-']) {
            &escaped
        } else {
            &value
        };
        ensure!(cell.map_or("", String::as_str) == expected, "{row:?}");
    }
    Ok(())
}

/// Order, line, what and how many; those of an order as they come.
type Lines = BTreeMap<String, Vec<(String, String, String, String)>>;

fn lines_of<'a>(orders: impl Iterator<Item = &'a Value>) -> Lines {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let of = |order: &Value| {
        let lines = order["lines"].as_array().into_iter().flatten();
        let line = |line: &Value| {
            (
                text(&line["id"]),
                text(&line["sku"]),
                text(&line["quantity"]),
                text(&line["unit_price"]),
            )
        };
        (text(&order["id"]), lines.map(line).collect())
    };
    orders.map(of).collect()
}

fn in_order(rows: &Rows) -> Lines {
    let mut lines = Lines::new();
    for row in rows {
        let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
        // One of them is there.
        let price = cell("unit_price") + &cell("unit_price_major");
        let line = (cell("line"), cell("sku"), cell("quantity"), price);
        lines.entry(cell("order_id")).or_default().push(line);
    }
    lines
}

fn sorted(mut rows: Rows) -> Rows {
    rows.sort();
    rows
}

/// Rows of CSV, without what keeps a spreadsheet from running them.
fn unescaped(mut rows: Rows) -> Rows {
    for cell in rows.iter_mut().flat_map(BTreeMap::values_mut) {
        if let Some(formula) = cell.strip_prefix('\'') {
            *cell = formula.to_owned();
        }
    }
    sorted(rows)
}

async fn filters_choose_as_they_do_in_lists(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 300).await?;
    let summary = "UPDATE orders SET summary = json_build_object('id', id, 'customer', null, 'line_count', 1, \
         'totals', json_build_object('items', 0, 'discounts', 0, 'shipping', 0, 'tax', 0, 'included_tax', 0, \
         'total', 0, 'credited', 0, 'captured', 0, 'refunded', 0, 'charged_back', 0, 'balance_due', 0))::text";
    views.execute(summary).await?;
    for query in [
        "currency=GBP,EUR",
        "platform=web&platform=shop",
        "status=placed,cancelled&payment_status=paid",
        "kind=credit&currency=EUR&country=FR,DE",
        "customer=c3&tag=a,b+1",
        "sku=S,3",
        "external_id=X10&external_id=X12",
        "created_from=2026-01-01T05:00:00Z&created_to=2026-01-02",
        "placed_to=2026-01-01&updated_from=2026-01-01T00:00:30Z",
        "total_min=-2&total_max=3&balance_due_min=1",
        "archived=true&has_hold=false&has_open_return=true",
        "status=draft&platform=nowhere",
    ] {
        let listed = pages(&views, query).await?;
        let listed: BTreeSet<String> = listed.iter().flat_map(ids_of).collect();
        for (path, id) in [
            ("orders.ndjson", "id"),
            ("orders.csv", "id"),
            ("lines.csv", "order_id"),
            ("lines.parquet", "order_id"),
        ] {
            let path = format!("/v1/{path}?{query}");
            let (rows, _) = export(&views.api, &path).await?.rows()?;
            let count = rows.len();
            let exported: BTreeSet<String> = rows
                .into_iter()
                .map(|mut row| row.remove(id).unwrap_or_default())
                .collect();
            ensure!(
                exported == listed && count == listed.len(),
                "{path}: {count} of {}",
                listed.len()
            );
        }
    }
    Ok(())
}

/// Orders whose documents are all changed at once, again and again; large enough
/// that an export does not fit into what is buffered on its way.
async fn an_export_is_of_one_moment_while_orders_are_written(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 1_000).await?;
    let write = "UPDATE orders SET version = version + 1, document = \
         json_build_object('id', id, 'round', version + 1, 'padding', repeat('x', 12000))::text";
    views.execute(write).await?;
    let done = AtomicBool::new(false);
    let writing = async {
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) {
            views.execute(write).await?;
            rounds += 1;
        }
        anyhow::Ok(rounds)
    };
    let reading = async {
        let mut rounds = BTreeSet::new();
        while rounds.len() < 4 {
            let (lines, _) = export(&views.api, "/v1/orders.ndjson").await?.lines()?;
            ensure!(lines.len() == 1_000);
            let of = |line: &String| {
                let round = &serde_json::from_str::<Value>(line)?["round"];
                round.as_i64().context("no round")
            };
            let seen: BTreeSet<i64> = lines.iter().map(of).collect::<Result<_>>()?;
            ensure!(seen.len() == 1, "of several moments: {seen:?}");
            rounds.extend(seen);
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (rounds, ()) = tokio::try_join!(writing, reading)?;
    ensure!(rounds >= 3, "nobody wrote");
    Ok(())
}

async fn an_export_is_coded_as_the_client_likes_it(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 20_000).await?;
    let path = "/v1/orders.ndjson";
    let (plain, _) = export(&views.api, path).await?.lines()?;
    let plain: BTreeSet<String> = plain.into_iter().collect();
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("br", "br"),
        ("gzip;q=0.5", "gzip"),
    ] {
        let mut file = export_coded(&views.api, path, accepted).await?;
        ensure!(file.header("content-encoding") == coding);
        ensure!(file.header("vary").contains("Accept-Encoding"));
        let coded = std::mem::take(&mut file.body);
        match coding {
            "zstd" => file.body = zstd::decode_all(&coded[..])?,
            "br" => {
                brotli::Decompressor::new(&coded[..], 4_096).read_to_end(&mut file.body)?;
            }
            _ => {
                flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut file.body)?;
            }
        }
        ensure!(coded.len() < file.body.len(), "{coding} is of no use");
        let (lines, _) = file.lines()?;
        ensure!(
            lines.into_iter().collect::<BTreeSet<_>>() == plain,
            "{coding}"
        );
    }
    let parquet = export_coded(&views.api, "/v1/lines.parquet", "zstd").await?;
    ensure!(parquet.header("content-encoding").is_empty(), "twice");
    Ok(())
}

async fn row_groups_follow_one_another(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 25_000).await?;
    let file = export(&views.api, "/v1/lines.parquet").await?;
    ensure!(file.row_groups()? > 1);
    let (rows, _) = file.rows()?;
    let ids: BTreeSet<&String> = rows.iter().filter_map(|row| row.get("order_id")).collect();
    ensure!(rows.len() == 25_000 && ids.len() == 25_000);
    Ok(())
}
