//! A whole system, and what is saved and read by it.

use crate::whole_path::System;
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tests::{Answer, Api, answer};

/// Every character that means something in a path, and some that do not.
pub const ODD_SKU: &str = "LAMP/01 50%+é?#&\"x";

/// A part of a path.
pub fn encoded(key: &str) -> String {
    let mut text = String::new();
    for byte in key.bytes() {
        // Writing into a text does not fail.
        let _ = write!(text, "%{byte:02X}");
    }
    text
}

/// A platform, without its key.
pub fn platform(name: &str) -> Value {
    json!({
        "name": name, "active": true, "prices_include_tax": true, "auto_confirm": false,
        "allow_unpaid_shipping": false, "on_cancellation": "request",
        "client_prices": "must_match",
    })
}

/// A product, without its key.
pub fn product(title: &str) -> Value {
    json!({
        "title": title, "requires_shipping": true,
        "prices": [{"currency": "GBP", "unit_price": 3_900}],
    })
}

/// A shipping zone, without its key.
pub fn zone(country: &str) -> Value {
    json!({"name": country, "countries": [country], "rest_of_world": false})
}

/// A shipping method to some zones, without its key.
pub fn method(zones: &[&str]) -> Value {
    json!({
        "name": "Standard", "zones": zones,
        "rates": [{"currency": "GBP", "charge": {"kind": "flat", "amount": 499}}],
    })
}

/// PUT, answered with success.
pub async fn save(api: &Api, path: &str, body: &Value) -> anyhow::Result<Answer> {
    succeeds(answer(api.request(Method::PUT, path).json(body)).await?)
}

/// DELETE, answered with success.
pub async fn archive(api: &Api, path: &str) -> anyhow::Result<Answer> {
    succeeds(answer(api.request(Method::DELETE, path)).await?)
}

fn succeeds(answer: Answer) -> anyhow::Result<Answer> {
    ensure!(
        answer.status.is_success(),
        "{} {}",
        answer.status,
        answer.json
    );
    Ok(answer)
}

/// GET that waits for the position of a command's answer, or is refused.
pub async fn after(system: &System, path: &str, written: &Answer) -> anyhow::Result<Answer> {
    let position = written.json["position"].as_str().context("a position")?;
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}min_position={position}");
    let request = system.queries.request(Method::GET, &path);
    answer(request.header("Prefer", "wait=20, handling=strict")).await
}

/// A command's answer without what a read does not tell.
pub fn document(answer: &Answer) -> Value {
    let mut document = answer.json.clone();
    if let Some(members) = document.as_object_mut() {
        members.remove("position");
    }
    document
}

/// A member of each document of a page, as text.
pub fn members(page: &Answer, name: &str) -> Vec<String> {
    let data = page.json["data"].as_array().into_iter().flatten();
    let members = data.map(|document| document[name].as_str().unwrap_or_default());
    members.map(str::to_owned).collect()
}

/// All documents of a list, page by page: a member of each.
pub async fn pages(api: &Api, path: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let (mut all, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = api.get(&next).await?.expect(200)?;
        all.extend(members(&page, name));
        let link = page.header("link");
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            ensure!(page.json["has_more"] == false && link.is_empty(), "{link}");
            return Ok(all);
        };
        let mark = if path.contains('?') { '&' } else { '?' };
        next = format!("{path}{mark}cursor={cursor}");
        ensure!(page.json["has_more"] == true);
        ensure!(link == format!("<{next}>; rel=\"next\""), "{link}");
    }
}
