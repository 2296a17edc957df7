//! Row `http`: the workload of `append` over HTTP against the command API as a
//! process of its own, with an API key, an Idempotency-Key for each command,
//! validation and answers, on keep-alive connections, by clients; beside the same
//! in process, and beside a handler that does nothing but answer as many bytes.
//! And how long a command takes at half of that rate.

use crate::{
    bare::Bare,
    http_client::Connection,
    load::{self, Latencies, Schedule},
    process::Process,
    row::Figure,
    workload::{FOLLOWING, Following, executor, rate},
};
use actix_web::http::StatusCode;
use anyhow::{Context as _, ensure};
use infra::{
    api_keys, clock,
    config::{Config, EventStoreKind},
    postgres,
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Connections.
const CLIENTS: u32 = 64;
/// Of rows of a curve.
const OTHERS: [u32; 3] = [1, 16, 256];

/// An order of three lines.
pub const ORDER: &str = r#"{"platform":"web","currency":"GBP","lines":[
    {"sku":"SKU-0","name":"Desk lamp, brass","quantity":2,"unit_price":1999},
    {"sku":"SKU-1","name":"Desk lamp, brass","quantity":2,"unit_price":1999},
    {"sku":"SKU-2","name":"Desk lamp, brass","quantity":2,"unit_price":1999}]}"#;

/// Measures throughput beside `append`, then latency at half of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let rounds = if quick { 1 } else { 3 };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let key = key(config).await?;
    let api = Process::start(config, "command-api", folder).await?;
    let in_process = executor(config, EventStoreKind::Grouped)?;
    closed_loop(&api.address, &key, time / 2).await?;
    let placed = Client::open(&api.address, &key).await?.send().await?;
    let bare = Bare::start(StatusCode::CREATED, placed)?;
    let (mut measured, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let ours = closed_loop(&api.address, &key, time).await?;
        let clients = usize::try_from(CLIENTS)?;
        let yardstick = rate(&in_process, Following::Labels, clients, time).await?;
        measured.push((ours, yardstick));
        floor.push((ours, closed_loop(&bare.address, &key, time / 2).await?));
    }
    bare.stop().await;
    let beside = |clients: u32, yardstick, aim, rounds: &[_]| {
        let case = format!("{clients} clients");
        Figure::of("http", case, "commands/s", yardstick, aim, rounds)
    };
    let mut figures = vec![
        beside(CLIENTS, "in-process", Some(0.6), &measured),
        beside(CLIENTS, "bare actix handler", None, &floor),
    ];
    for clients in OTHERS {
        let ours = closed_loop_of(clients, &api.address, &key, time).await?;
        let as_many = usize::try_from(clients)?;
        let theirs = rate(&in_process, Following::Labels, as_many, time).await?;
        figures.push(beside(clients, "in-process", None, &[(ours, theirs)]));
    }
    let half = figures[0].ours / 2.0;
    let times = open_loop(&api.address, &key, half, time * 3).await?;
    figures.extend(load::p50_p99(&times, "http", |name| {
        format!("{name} at half of peak ({half:.0} commands/s)")
    }));
    Ok(figures)
}

/// A new API key.
pub async fn key(config: &Config) -> anyhow::Result<String> {
    let ops = postgres::pool(&config.ops_url, 1)?;
    Ok(api_keys::create(&ops, "bench").await?.secret)
}

/// Commands a second of [`CLIENTS`] connections.
pub async fn closed_loop(address: &str, key: &str, time: Duration) -> anyhow::Result<f64> {
    closed_loop_of(CLIENTS, address, key, time).await
}

async fn closed_loop_of(
    clients: u32,
    address: &str,
    key: &str,
    time: Duration,
) -> anyhow::Result<f64> {
    load::rate_of(clients, async |_| Client::open(address, key).await, time).await
}

/// Commands at a fixed rate: how long each took from when it was due.
async fn open_loop(
    address: &str,
    key: &str,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Latencies> {
    // So many that one is free whenever a command is due.
    let mut clients = Vec::new();
    for _ in 0..CLIENTS * 2 {
        clients.push(Client::open(address, key).await?);
    }
    load::open(clients, Schedule::steady(rate), time).await
}

/// The order that was placed, from the answer.
pub fn order_id(answer: &[u8]) -> anyhow::Result<String> {
    const NAME: &str = "\"order_id\":\"";
    let text = std::str::from_utf8(answer)?;
    let at = text.find(NAME).context("an order id")? + NAME.len();
    Ok(text.get(at..at + 36).context("a UUID")?.to_owned())
}

/// One connection that writes the workload.
struct Client {
    connection: Connection,
    key: Arc<str>,
    order: String,
    number: u64,
}

impl Client {
    async fn open(address: &str, key: &str) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::open(address).await?,
            key: key.into(),
            order: String::new(),
            number: 0,
        })
    }

    /// The next command, and its answer.
    async fn send(&mut self) -> anyhow::Result<Vec<u8>> {
        let (method, path, body) = match self.number {
            0 => ("POST", "/v1/orders".to_owned(), ORDER),
            n => (
                "PUT",
                format!("/v1/orders/{}/tags/label-{n}", self.order),
                "",
            ),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
             idempotency-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.key,
            clock::new_id(),
            body.len()
        );
        let answer = self.connection.send(request.as_bytes()).await?;
        ensure!(
            (200..300).contains(&answer.status),
            "{}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        if self.number == 0 {
            self.order = order_id(&answer.body)?;
        }
        self.number = (self.number + 1) % (FOLLOWING + 1);
        Ok(answer.body)
    }
}

impl load::Client for Client {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        self.send().await?;
        Ok(true)
    }
}
