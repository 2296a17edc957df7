//! What orders refer to, saved through `POST /v1/bulk`: platforms, products, zones,
//! methods.

use crate::{http_client::Connection, requests, whole::Whole};
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// The channel that all of it is sold on.
pub const PLATFORM: &str = "web";
/// How long projections may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// The line that saves the platform.
pub fn platform() -> Value {
    json!({"op": "save_platform", "platform": PLATFORM, "body": {"name": "Web shop"}})
}

/// The slug of channel number `n`.
pub fn slug(n: usize) -> String {
    format!("channel-{n:03}")
}

/// The line that saves channel number `n`, a platform.
pub fn channel(n: usize) -> Value {
    json!({"op": "save_platform", "platform": slug(n), "body": {
        "name": format!("Channel no. {n}"), "currency": "GBP", "country": "GB",
        "auto_confirm": true, "expire_unpaid_after_seconds": 86_400,
    }})
}

/// The SKU of product number `n`.
pub fn sku(n: usize) -> String {
    format!("SKU-{n:07}")
}

/// The line that saves product number `n`.
pub fn product(n: usize) -> Value {
    json!({"op": "save_product", "sku": sku(n), "body": {
        "title": format!("Desk lamp no. {n}, brass"),
        "weight_grams": 300 + n % 1_700,
        "dimensions": {"length_mm": 300, "width_mm": 200, "height_mm": 180},
        "tax_class": "standard",
        "prices": [
            {"currency": "GBP", "unit_price": 500 + n % 9_500},
            {"currency": "EUR", "unit_price": 600 + n % 9_500},
        ],
    }})
}

/// The line that saves a zone of these countries.
pub fn zone(id: &str, countries: &[&str]) -> Value {
    json!({"op": "save_shipping_zone", "zone": id, "body": {"name": id, "countries": countries}})
}

/// The line that saves a method to these zones, which is charged by weight.
pub fn method(id: &str, zones: &[String]) -> Value {
    json!({"op": "save_shipping_method", "method": id, "body": {
        "name": id, "zones": zones, "max_parcel_weight_grams": 30_000, "tax_rate": "20",
        "rates": [{"currency": "GBP", "free_above": 50_000, "charge": {
            "kind": "weight_tiers",
            "tiers": [{"up_to": 2_000, "amount": 399}, {"up_to": 10_000, "amount": 799}, {"amount": 1_999}],
        }}],
    }})
}

/// Saves what these lines say, in so many requests at a time; how long it took.
/// Keys are `run` and a number.
pub async fn save(
    (address, key): (&str, &str),
    run: &str,
    lines: impl Iterator<Item = Value>,
    streams: usize,
) -> anyhow::Result<Duration> {
    let mut bodies = vec![String::new(); streams];
    let mut counts = vec![0_u64; streams];
    for (number, mut line) in lines.enumerate() {
        line["key"] = format!("{run}-{number}").into();
        writeln!(bodies[number % streams], "{line}")?;
        counts[number % streams] += 1;
    }
    let client = reqwest::Client::new();
    let url = format!("http://{address}/v1/bulk");
    let began = Instant::now();
    let sent = bodies.into_iter().zip(counts).map(|(body, count)| {
        let request = client.post(&url).bearer_auth(key).body(body);
        async move {
            let answer = request.header(CONTENT_TYPE, "application/x-ndjson").send();
            let told = answer.await?.text().await?;
            let trailer: Value = serde_json::from_str(told.lines().last().context("no answer")?)?;
            let trailer = &trailer["trailer"];
            ensure!(trailer["succeeded"] == count, "{trailer} of {count} lines");
            anyhow::Ok(())
        }
    });
    try_join_all(sent).await?;
    Ok(began.elapsed())
}

/// Waits until lists of `path` have what was saved before.
pub async fn readable(whole: &Whole, path: &str, last: &Value) -> anyhow::Result<()> {
    let position = position(whole, path, last).await?;
    let path = format!("{path}?limit=1&min_position={position}");
    let strict = "prefer: wait=30, handling=strict\r\n";
    let request = requests::get(&path, &whole.key, strict);
    let mut connection = Connection::open(&whole.reads.address).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = connection.send(&request).await?;
        if answer.status == 200 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 503, "{}: {text}", answer.status);
        ensure!(Instant::now() < deadline, "{path} takes too long");
    }
}

/// Where in the log `line`, of something below `path`, was saved.
async fn position(whole: &Whole, path: &str, line: &Value) -> anyhow::Result<String> {
    let named = ["sku", "method", "platform"]
        .into_iter()
        .find_map(|name| line[name].as_str());
    let (id, body) = (named.context("a name")?, line["body"].to_string());
    let request = format!(
        "PUT {path}/{id} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        whole.key,
        body.len()
    );
    let mut connection = Connection::open(&whole.commands.address).await?;
    let answer = connection.send(request.as_bytes()).await?;
    let told: Value = serde_json::from_slice(&answer.body)?;
    let position = told["position"].as_str();
    Ok(position.with_context(|| told.to_string())?.to_owned())
}
