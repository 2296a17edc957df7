//! Documents as poppler's `pdftotext` reads them: what others take figures out of
//! a PDF with, and nothing of ours.

use super::documents::{Pdf, Scene, holders, pounds};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::TestEnv;
use tokio::process::Command;

super::suite![what_pdftotext_reads_is_what_the_order_says];

/// Lines of the order: those of several pages.
const LINES: i64 = 120;
/// Of which so many are in a parcel.
const SHIPPED: i64 = 60;

/// What runs pdftotext here; none where there is none, which is said.
async fn pdftotext() -> anyhow::Result<Option<PathBuf>> {
    let untried =
        "documents were not read by poppler: there is no pdftotext here, and none could be fetched";
    tests::found("pdftotext", untried).await
}

/// The lines of a PDF's text as they stand on its pages, with one space between
/// words.
async fn rows(pdftotext: &Path, pdf: &Pdf) -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, &pdf.bytes)?;
    let mut command = Command::new(pdftotext);
    let read = command.arg("-layout").arg(&path).arg("-").output().await?;
    let said = String::from_utf8_lossy(&read.stderr);
    ensure!(read.status.success() && said.is_empty(), "{said}");
    let text = String::from_utf8(read.stdout)?;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = text.lines().map(words).filter(|row| !row.is_empty());
    Ok(rows.collect())
}

/// Those that tell of a line of the order, in the order of the pages.
fn of_lines(rows: &[String]) -> Vec<&str> {
    let rows = rows.iter().map(String::as_str);
    rows.filter(|row| row.contains("Holder ")).collect()
}

fn says(rows: &[String], told: &[&str]) -> anyhow::Result<()> {
    for told in told {
        ensure!(
            rows.iter().any(|row| row.contains(told)),
            "{told} is not in {rows:#?}"
        );
    }
    Ok(())
}

async fn what_pdftotext_reads_is_what_the_order_says(env: &TestEnv) -> anyhow::Result<()> {
    let Some(pdftotext) = pdftotext().await? else {
        return Ok(());
    };
    let scene = Scene::start(env).await?;
    let order = json!({
        "platform": "web", "currency": "GBP", "lines": holders(LINES),
        "billing_address": {"name": "Żaneta Świętochłowska", "city": "Łódź", "country": "PL"},
    });
    let placed = scene.commands.post("/v1/orders", &order).await?;
    let path = placed.expect(201)?.header("location").to_owned();
    let issued = scene.done(&format!("{path}/invoice"), json!({})).await?;
    let invoice = scene.pdf(&format!("{path}/invoice.pdf")).await?;
    let invoice = rows(&pdftotext, &invoice).await?;
    let sold = lines_of(&scene, &path, &issued).await?;
    let expected: Vec<String> = (1..).zip(&sold).map(sold_row).collect();
    ensure!(of_lines(&invoice) == expected, "{invoice:#?}");
    let sum = |answer: &Value, member: &str| {
        let sum = answer["totals"][member].as_i64();
        sum.with_context(|| format!("no {member}"))
    };
    let [items, tax, total] = ["items", "tax", "total"].map(|member| sum(&issued, member));
    let (items, tax, total) = (items?, tax?, total?);
    says(
        &invoice,
        &[
            "Żaneta Świętochłowska",
            &format!("Items {}", pounds(items)),
            &format!("Tax {}", pounds(tax)),
            &format!("Total £{}", pounds(total)),
            &format!("20% {} {} {}", pounds(items), pounds(tax), pounds(total)),
            &format!("Balance due £{}", pounds(total)),
        ],
    )?;

    let cancel = json!({
        "reason": "too many",
        "lines": [{"line": "l7", "quantity": 2}, {"line": "l8", "quantity": 1}],
    });
    let cancelled = scene.done(&format!("{path}/cancel"), cancel).await?;
    let note = format!("{path}/credit_note.pdf?number=1");
    let note = rows(&pdftotext, &scene.pdf(&note).await?).await?;
    // 2 × 1.10 and 1 × 1.25, and a fifth of that.
    ensure!(of_lines(&note) == ["Holder 7 2 2.64", "Holder 8 1 1.50"]);
    let less = total - sum(&cancelled, "total")?;
    let tax = tax - sum(&cancelled, "tax")?;
    says(
        &note,
        &[
            &format!("Total credited £{}", pounds(less)),
            &format!("of which tax {}", pounds(tax)),
            &format!(
                "20% {} {} {}",
                pounds(less - tax),
                pounds(tax),
                pounds(less)
            ),
        ],
    )?;

    let parcel = (1..=SHIPPED).map(|n| json!({"line": format!("l{n}"), "quantity": 1}));
    let parcel = json!({"lines": parcel.collect::<Vec<_>>()});
    let packed = scene.done(&format!("{path}/fulfillments"), parcel).await?;
    let slip = format!("{path}/packing_slip.pdf?fulfillment=f1");
    let slip = rows(&pdftotext, &scene.pdf(&slip).await?).await?;
    let left = lines_of(&scene, &path, &packed).await?;
    let shipped = left.iter().zip(1..=SHIPPED);
    let expected: Vec<String> = shipped.map(packed_row).collect();
    ensure!(of_lines(&slip) == expected, "{slip:#?}");
    Ok(())
}

/// The lines of an order as it was after a command.
async fn lines_of(scene: &Scene, path: &str, after: &Value) -> anyhow::Result<Vec<Value>> {
    let path = format!("{path}?version={}", after["version"]);
    let order = scene.queries.get(&path).await?.expect(200)?.json;
    let lines = order["lines"].as_array().context("no lines")?;
    Ok(lines.clone())
}

fn sold_row((position, line): (i64, &Value)) -> String {
    let amount = |member: &str| line[member].as_i64().map(pounds).unwrap_or_default();
    let name = line["name"].as_str().unwrap_or_default();
    let (price, amount) = (amount("unit_price"), amount("amount"));
    format!(
        "{position} {name} {} {price} 20% {amount}",
        line["quantity"]
    )
}

/// What was ordered and not cancelled, and one of it in the parcel.
fn packed_row((line, position): (&Value, i64)) -> String {
    let units = |member: &str| line[member].as_i64().unwrap_or_default();
    let ordered = units("quantity") - units("cancelled_quantity");
    let name = line["name"].as_str().unwrap_or_default();
    format!("{position} {name} {ordered} 1")
}
