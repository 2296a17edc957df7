//! Every oddity that the format has, and every mistake a file can have.

use super::synthetic::HEADER;
use super::system::System;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::{TestEnv, wait_until};

/// Made up, one oddity after the other.
const ROWS: &str = "\
900001,A1,TWICE THE SAME,6,2024-03-01 08:26:00,2.55,17850.0,United Kingdom
900001,A1,TWICE THE SAME,6,2024-03-01 08:26:00,2.55,17850.0,United Kingdom
900002,A2,TWO TIMESTAMPS,1,2024-03-01 09:01:00,1.25,,EIRE
900002,A2,TWO TIMESTAMPS,1,2024-03-01 09:02:00,1.25,,EIRE
900003,A3,HALF A PENNY,1,2024-03-01 10:00:00,0.125,,RSA
900003,A3,HALF A PENNY,3,2024-03-01 10:00:00,0.125,,RSA
900004,A4,STANDS APART,1,2024-03-01 11:00:00,5,,USA
C900005,D,CREDIT,-2,2024-03-01 12:00:00,27.5,14527.0,Germany
A900006,B,BAD DEBT,1,2024-03-01 13:00:00,-11.06,,United Kingdom
900004,A5,\"STANDS, \"\"APART\"\"\",2,2024-03-01 11:00:00,0.5,,USA
900007,A6,,-10,2024-03-01 14:00:00,0.0,,United Kingdom
900008,A7,FREE,4,2024-03-01 15:00:00,0.0,,European Community
900009,A8,TOO FEW
,A9,NO INVOICE,1,2024-03-01 16:00:00,1.0,,France
900010,B1,NO NUMBER,many,2024-03-01 17:00:00,1.0,,France
900010,B2,GOOD IN ITSELF,1,2024-03-01 17:00:00,1.0,,France
900011,B3,NO DATE,1,1 March,1.0,,France
900012,B4,NO PRICE,1,2024-03-01 18:00:00,free,,France
";

pub async fn each_has_its_place_in_the_report_and_in_the_orders(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let file = system.file(&format!("{HEADER}\n{ROWS}"))?;
    let report = system.dir.path().join("report.ndjson");
    let path = report.to_str().context("a path that is text")?;
    let summary = system.import(&file, &["--report", path]).await?;

    ensure!(
        summary["read"] == json!({"invoices": 12, "lines": 18}),
        "{summary}"
    );
    ensure!(
        summary["imported"] == json!({"invoices": 7, "lines": 11}),
        "{summary}"
    );
    ensure!(
        summary["refused"] == json!({"invoices": 5, "lines": 7}),
        "{summary}"
    );
    check_report(&std::fs::read_to_string(&report)?)?;
    check_orders(&system).await?;
    system.verify_clean(7).await
}

fn check_report(text: &str) -> anyhow::Result<()> {
    let records: Vec<Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let mut lines: Vec<(u64, &str)> = records
        .iter()
        .filter(|r| r["record"] == "line")
        .filter_map(|r| Some((r["line"].as_u64()?, r["code"].as_str()?)))
        .collect();
    lines.sort_unstable();
    let expected = [
        (12, "no_positive_quantity"),
        (14, "wrong_column_count"),
        (15, "empty_invoice"),
        (16, "invalid_quantity"),
        (17, "incomplete_invoice"),
        (18, "invalid_date"),
        (19, "invalid_unit_price"),
    ];
    ensure!(lines == expected, "{lines:?}");
    let invoices = records.iter().filter(|r| r["record"] == "invoice").count();
    ensure!(invoices == 5, "{text}");
    ensure!(
        records.last().is_some_and(|r| r["record"] == "summary"),
        "{text}"
    );
    Ok(())
}

async fn check_orders(system: &System<'_>) -> anyhow::Result<()> {
    let duplicates = order(system, "900001").await?;
    ensure!(
        duplicates["lines"].as_array().map(Vec::len) == Some(2),
        "{duplicates}"
    );
    ensure!(duplicates["totals"]["total"] == 2 * 1_530, "{duplicates}");
    ensure!(duplicates["customer"]["id"] == "17850", "{duplicates}");
    let timestamps = order(system, "900002").await?;
    ensure!(
        timestamps["placed_at"] == "2024-03-01T09:01:00Z",
        "{timestamps}"
    );
    ensure!(
        timestamps["customer"].is_null() && timestamps["country"] == "IE",
        "{timestamps}"
    );
    // 12.5 and 37.5 pence, each line half to even.
    let halves = order(system, "900003").await?;
    ensure!(
        halves["lines"][0]["amount"] == 12 && halves["lines"][1]["amount"] == 38,
        "{halves}"
    );
    ensure!(
        halves["country"] == "ZA" && halves["totals"]["total"] == 50,
        "{halves}"
    );
    let apart = order(system, "900004").await?;
    ensure!(apart["lines"][1]["name"] == "STANDS, \"APART\"", "{apart}");
    ensure!(
        apart["totals"]["total"] == 600 && apart["country"] == "US",
        "{apart}"
    );
    let credit = order(system, "C900005").await?;
    ensure!(
        credit["kind"] == "credit" && credit["totals"]["total"] == -5_500,
        "{credit}"
    );
    let adjustment = order(system, "A900006").await?;
    ensure!(adjustment["kind"] == "adjustment", "{adjustment}");
    ensure!(adjustment["totals"]["total"] == -1_106, "{adjustment}");
    let free = order(system, "900008").await?;
    ensure!(
        free["totals"]["total"] == 0 && free["country"] == "ZZ",
        "{free}"
    );
    Ok(())
}

/// The order of an invoice, once the projector has it.
async fn order(system: &System<'_>, invoice: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/orders/by_external_id/online-retail/{invoice}");
    wait_until(&format!("invoice {invoice}"), async || {
        let answer = system.api.get(&path).await?;
        Ok(answer.status.is_success().then_some(answer.json))
    })
    .await
}
