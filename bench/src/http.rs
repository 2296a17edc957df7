//! Row `http`: the workload of `append` over HTTP against the command API as a
//! process of its own, with an API key, an Idempotency-Key for each command,
//! validation and answers, on keep-alive connections; beside the same in
//! process, and beside a handler that does nothing but answer as many bytes. And
//! how long a command takes at half of that rate.

use crate::{
    bare::Bare,
    http_client::Connection,
    process::Process,
    row::Figure,
    workload::{FOLLOWING, Following, executor, per_second, rate},
};
use actix_web::http::StatusCode;
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
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
use tokio::time::sleep_until;

/// Connections.
const CLIENTS: usize = 64;

/// An order of three lines.
pub const ORDER: &str = r#"{"platform":"web","currency":"GBP","lines":[
    {"sku":"SKU-0","name":"Desk lamp, brass","quantity":2,"unit_price":1999},
    {"sku":"SKU-1","name":"Desk lamp, brass","quantity":2,"unit_price":1999},
    {"sku":"SKU-2","name":"Desk lamp, brass","quantity":2,"unit_price":1999}]}"#;

/// Measures throughput beside `append`, then latency at half of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let rounds = if quick { 1 } else { 5 };
    let time = Duration::from_secs(if quick { 1 } else { 5 });
    let key = key(config).await?;
    let api = Process::start(config, "command-api", folder).await?;
    let in_process = executor(config, EventStoreKind::Grouped)?;
    closed_loop(&api.address, &key, time / 2).await?;
    let placed = Client::open(&api.address, &key).await?.next().await?;
    let bare = Bare::start(StatusCode::CREATED, placed)?;
    let (mut measured, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let ours = closed_loop(&api.address, &key, time).await?;
        let yardstick = rate(&in_process, Following::Labels, CLIENTS, time).await?;
        measured.push((ours, yardstick));
        floor.push((ours, closed_loop(&bare.address, &key, time / 2).await?));
    }
    bare.stop().await;
    let beside = |yardstick, aim, rounds: &[_]| {
        let case = format!("{CLIENTS} clients");
        Figure::of("http", case, "commands/s", yardstick, aim, rounds)
    };
    let throughput = beside("in-process", Some(0.6), &measured);
    let floor = beside("bare actix handler", None, &floor);
    let half = throughput.ours / 2.0;
    let mut times = open_loop(&api.address, &key, half, time * 2).await?;
    times.sort_unstable();
    let mut figures = vec![throughput, floor];
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let case = format!("{name} at half of peak ({half:.0} commands/s)");
        let took = quantile(&times, share).as_secs_f64() * 1e3;
        figures.push(Figure::time("http", case, took));
    }
    Ok(figures)
}

/// A new API key.
pub async fn key(config: &Config) -> anyhow::Result<String> {
    let ops = postgres::pool(&config.ops_url, 1)?;
    Ok(api_keys::create(&ops, "bench").await?.secret)
}

/// Commands a second of [`CLIENTS`] connections.
pub async fn closed_loop(address: &str, key: &str, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let deadline = began + time;
    let clients = (0..CLIENTS).map(|_| {
        let (address, key) = (address.to_owned(), key.to_owned());
        tokio::spawn(async move {
            let mut client = Client::open(&address, &key).await?;
            let mut commands = 0;
            while Instant::now() < deadline {
                client.next().await?;
                commands += 1;
            }
            anyhow::Ok(commands)
        })
    });
    let counts = try_join_all(clients).await?;
    let commands: u64 = counts.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(commands, began.elapsed()))
}

/// Commands at a fixed rate, whether or not those before are answered yet: how
/// long each took from when it was due.
pub async fn open_loop(
    address: &str,
    key: &str,
    per_second: f64,
    time: Duration,
) -> anyhow::Result<Vec<Duration>> {
    // So many that an answer is there before its connection is due again.
    let clients = CLIENTS * 2;
    let each = u32::try_from(clients)?;
    let pause = Duration::from_secs_f64(1.0 / per_second) * each;
    let began = tokio::time::Instant::now() + Duration::from_millis(200);
    let tasks = (0..each).map(|number| {
        let (address, key) = (address.to_owned(), key.to_owned());
        tokio::spawn(async move {
            let mut client = Client::open(&address, &key).await?;
            let mut due = began + pause / each * number;
            let mut times = Vec::new();
            while due < began + time {
                sleep_until(due).await;
                client.next().await?;
                times.push(due.elapsed());
                due += pause;
            }
            anyhow::Ok(times)
        })
    });
    let times = try_join_all(tasks).await?;
    let times = times.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok(times.concat())
}

/// The order that was placed, from the answer.
pub fn order_id(answer: &[u8]) -> anyhow::Result<String> {
    const NAME: &str = "\"order_id\":\"";
    let text = std::str::from_utf8(answer)?;
    let at = text.find(NAME).context("an order id")? + NAME.len();
    Ok(text.get(at..at + 36).context("a UUID")?.to_owned())
}

/// The time that this share of `sorted` does not exceed.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of thousands"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    let index = index.min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
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
    async fn next(&mut self) -> anyhow::Result<Vec<u8>> {
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
