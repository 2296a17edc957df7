//! Row `latency`, its other part: from placing an order over HTTP until it is read over HTTP,
//! through log, relay, Kafka and projector, each a process of its own; and what
//! the orders that are there already cost.

use crate::{
    http::{ORDER, order_id},
    http_client::Connection,
    load::{self, Latencies, Schedule, p50_p99},
    row::Figure,
    whole::Whole,
};
use anyhow::ensure;
use infra::{clock, config::Config};
use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Clients of the closed loop.
const CLIENTS: u32 = 64;

/// Orders a second at growing sizes, up to `ORDERLOG_BENCH_LARGEST` orders,
/// beside those at the smallest; and how long one takes at half of that.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let sizes: &[i64] = if quick {
        &[500, 2_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let time = Duration::from_secs(if quick { 1 } else { 6 });
    let (mut figures, mut smallest) = (Vec::new(), None);
    for size in sizes.iter().filter(|size| **size <= largest) {
        let whole = Whole::with_orders(config, folder, *size).await?;
        closed_loop(&whole, time / 2).await?;
        let mut rates = Vec::new();
        for _ in 0..3 {
            rates.push(closed_loop(&whole, time / 2).await?);
        }
        let smallest = smallest.get_or_insert_with(|| rates.clone());
        let rounds: Vec<_> = rates.into_iter().zip(smallest.iter().copied()).collect();
        let case = format!("place to readable, beside {size} orders");
        // Within 1.2 times.
        let figure = Figure::of(
            "latency",
            case.clone(),
            "orders/s",
            "at the smallest",
            Some(1.0 / 1.2),
            &rounds,
        );
        let half = figure.ours / 2.0;
        figures.push(figure);
        let times = open_loop(&whole, half, time * 2).await?;
        figures.extend(p50_p99(&times, "latency", |name| {
            format!("{case}: {name} at {half:.0} orders/s")
        }));
    }
    Ok(figures)
}

async fn closed_loop(whole: &Whole, time: Duration) -> anyhow::Result<f64> {
    load::rate_of(CLIENTS, async |_| Client::open(whole).await, time).await
}

/// Orders at a fixed rate: how long each took from when it was due.
pub async fn open_loop(whole: &Whole, rate: f64, time: Duration) -> anyhow::Result<Latencies> {
    // So many that one is free whenever an order is due.
    let mut clients = Vec::new();
    for _ in 0..CLIENTS * 2 {
        clients.push(Client::open(whole).await?);
    }
    load::open(clients, Schedule::steady(rate), time).await
}

/// One connection to each API.
struct Client {
    key: Arc<str>,
    commands: Connection,
    reads: Connection,
}

impl Client {
    async fn open(whole: &Whole) -> anyhow::Result<Self> {
        Ok(Self {
            key: whole.key.as_str().into(),
            commands: Connection::open(&whole.commands.address).await?,
            reads: Connection::open(&whole.reads.address).await?,
        })
    }

    async fn place_and_read(&mut self) -> anyhow::Result<()> {
        let (key, length) = (&self.key, ORDER.len());
        let command = clock::new_id();
        let request = format!(
            "POST /v1/orders HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
             idempotency-key: {command}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{ORDER}"
        );
        let placed = self.commands.send(request.as_bytes()).await?;
        ensure!(placed.status == 201, "placed: {}", placed.status);
        let order = order_id(&placed.body)?;
        let request = format!(
            "GET /v1/orders/{order}?min_version=1 HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {key}\r\nprefer: wait=10, handling=strict\r\n\r\n"
        );
        let read = self.reads.send(request.as_bytes()).await?;
        ensure!(read.status == 200, "read: {}", read.status);
        Ok(())
    }
}

impl load::Client for Client {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        self.place_and_read().await?;
        Ok(true)
    }
}
