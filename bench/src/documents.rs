//! Row `documents`: invoices as PDF, drawn each time and from Redis, beside the
//! same orders as JSON, which are folded from the log for it likewise; and how
//! large they are, and what drawing them takes in memory.

use crate::{
    http::order_id,
    http_client::Connection,
    process::Process,
    requests::{closed_loop, get},
    row::Figure,
    whole::Whole,
};
use anyhow::ensure;
use infra::{config::Config, local_servers::free_port, platforms::Platforms};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};

/// A usual invoice, and the longest one of a year of a real shop.
const LINES: [i64; 2] = [5, 1_114];

/// Documents a second to one client.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let config = Config {
        platforms: platforms()?,
        ..config.clone()
    };
    let whole = Whole::start(&config, folder).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..config
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    let (seconds, rounds) = if quick { (1, 1) } else { (2, 3) };
    let time = Duration::from_secs(seconds);
    let mut figures = Vec::new();
    for lines in LINES {
        let order = invoiced(&whole, lines).await?;
        let pdf = get(&format!("{order}/invoice.pdf"), &whole.key, "");
        let json = get(&format!("{order}?version=2"), &whole.key, "");
        let size = Connection::open(&whole.reads.address).await?;
        let size = sized(size, &pdf).await?;
        let (pdf, json): (Arc<[_]>, Arc<[_]>) = (Arc::new([pdf]), Arc::new([json]));
        let (mut drawn, mut kept) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let rate = async |of: &Process, what: &Arc<[Vec<u8>]>| {
                closed_loop(&of.address, what, 200, 1, time).await
            };
            let as_json = rate(&whole.reads, &json).await?;
            drawn.push((rate(&uncached, &pdf).await?, as_json));
            kept.push((rate(&whole.reads, &pdf).await?, as_json));
        }
        for (how, rounds) in [("drawn", &drawn), ("from Redis", &kept)] {
            let case = format!("invoice of {lines} lines, {how}");
            let figure = Figure::of("documents", case, "PDF/s", "as JSON", None, rounds);
            figures.push(figure);
        }
        figures.push(Figure {
            unit: "kB",
            ..Figure::time("documents", format!("its size, {lines} lines"), size)
        });
    }
    figures.push(uncached.highest("read-api that draws documents, highest")?);
    Ok(figures)
}

fn platforms() -> anyhow::Result<Platforms> {
    let seller = json!({
        "name": "Lumen & Sons Ltd", "tax_rates": ["20"],
        "address": ["12 Mill Lane", "Bristol BS1 4RB"], "vat_id": "GB 123 4567 89",
    });
    Ok(serde_json::from_value(json!({"web": {"seller": seller}}))?)
}

/// The path of an order of so many lines, which has its invoice.
async fn invoiced(whole: &Whole, lines: i64) -> anyhow::Result<String> {
    let line = |n| {
        json!({
            "sku": format!("SKU-{n:04}"), "name": "WHITE HANGING HEART T-LIGHT HOLDER",
            "quantity": 2, "unit_price": 255 + n, "tax": (255 + n) * 2 / 5,
        })
    };
    let lines: Vec<_> = (1..=lines).map(line).collect();
    let order = json!({"platform": "web", "currency": "GBP", "lines": lines});
    let mut commands = Connection::open(&whole.commands.address).await?;
    let placed = post(&mut commands, &whole.key, "/v1/orders", &order).await?;
    let path = format!("/v1/orders/{}", order_id(&placed)?);
    post(
        &mut commands,
        &whole.key,
        &format!("{path}/invoice"),
        &json!({}),
    )
    .await?;
    Ok(path)
}

async fn post(
    commands: &mut Connection,
    key: &str,
    path: &str,
    body: &Value,
) -> anyhow::Result<Vec<u8>> {
    let (body, command) = (body.to_string(), infra::clock::new_id());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         idempotency-key: {command}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = commands.send(request.as_bytes()).await?;
    ensure!(answer.status < 300, "{path}: {}", answer.status);
    Ok(answer.body)
}

/// Kilobytes of an answer.
async fn sized(mut connection: Connection, request: &[u8]) -> anyhow::Result<f64> {
    let answer = connection.send(request).await?;
    ensure!(answer.status == 200, "{}", answer.status);
    ensure!(answer.body.starts_with(b"%PDF"), "no PDF");
    Ok(f64::from(u32::try_from(answer.body.len())?) / 1e3)
}
