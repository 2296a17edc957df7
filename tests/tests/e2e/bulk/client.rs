//! A client of bulk requests.

use anyhow::{Context as _, ensure};
use reqwest::{Body, Method, Response};
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv};

/// What a request came to.
pub struct Done {
    /// A result for each line that has one.
    pub results: Vec<Value>,
    /// What it ends with; none where it was cut off.
    pub trailer: Option<Value>,
}

impl Done {
    /// Results and trailer of an answer as far as it goes.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let lines = lines.map(serde_json::from_str::<Value>);
        let mut results = lines.collect::<Result<Vec<_>, _>>()?;
        let is_trailer = results
            .last()
            .is_some_and(|last| last["trailer"].is_object());
        let last = if is_trailer { results.pop() } else { None };
        Ok(Self {
            results,
            trailer: last.map(|last| last["trailer"].clone()),
        })
    }

    /// The counts of the trailer, as `[lines, succeeded, replayed, failed]`.
    pub fn counts(&self) -> anyhow::Result<[u64; 4]> {
        let trailer = self.trailer.as_ref().context("the answer was cut off")?;
        ensure!(trailer["problem"].is_null(), "{trailer}");
        let count = |name: &str| trailer[name].as_u64().context(name.to_owned());
        Ok([
            count("lines")?,
            count("succeeded")?,
            count("replayed")?,
            count("failed")?,
        ])
    }
}

/// Begins a request.
pub async fn send(api: &Api, query: &str, body: impl Into<Body>) -> anyhow::Result<Response> {
    let request = api.request(Method::POST, &format!("/v1/bulk{query}"));
    let request = request.header("content-type", "application/x-ndjson");
    let response = request.body(body).send().await?;
    ensure!(response.status() == 200, "{}", response.text().await?);
    Ok(response)
}

/// Sends lines and reads all results.
pub async fn bulk(api: &Api, lines: &[Value]) -> anyhow::Result<Done> {
    Done::read(&send(api, "", text(lines)).await?.text().await?)
}

/// Lines as a body.
pub fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

/// The command API and a key for it.
pub async fn command_api(env: &TestEnv) -> anyhow::Result<(Role, Api)> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut role = env.role("command-api").spawn()?;
    role.ready().await?;
    let api = Api::new(env, &role).await?;
    Ok((role, api))
}

/// An order of the channel `web`.
pub fn place(external_id: &str) -> Value {
    json!({
        "op": "place_order", "key": format!("place-{external_id}"),
        "body": {
            "platform": "web", "external_id": external_id, "currency": "GBP",
            "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "2.50"}],
        },
    })
}

/// A command on such an order.
pub fn on(external_id: &str, op: &str, key: &str, body: Value) -> Value {
    let order = json!({"platform": "web", "external_id": external_id});
    let mut line = json!({"op": op, "key": format!("{key}-{external_id}"), "order": order});
    line["body"] = body;
    line
}

/// How many events are stored, and how many orders have some.
pub async fn stored(env: &TestEnv) -> anyhow::Result<(i64, i64)> {
    let pool = infra::postgres::pool(&env.config.events_url, 1)?;
    let counts = sqlx::query_as("SELECT count(*), count(DISTINCT aggregate_id) FROM events");
    let counts = counts.fetch_one(&pool).await?;
    pool.close().await;
    Ok(counts)
}
