//! Row `latency`, its other part: from placing an order over HTTP until it is read over HTTP,
//! through log, relay, Kafka and projector, each a process of its own; and what
//! the orders that are there already cost.

use crate::{
    http::{ORDER, order_id, quantile},
    http_client::Connection,
    row::Figure,
    whole::Whole,
    workload::per_second,
};
use anyhow::ensure;
use futures_util::future::try_join_all;
use infra::{clock, config::Config};
use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// Clients of the closed loop.
const CLIENTS: u32 = 64;

/// Orders a second at growing sizes, up to `ORDERLOG_BENCH_LARGEST` orders,
/// beside those at the smallest; and how long one takes at half of that.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let sizes: &[i64] = if quick {
        &[500, 2_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let time = Duration::from_secs(if quick { 1 } else { 8 });
    closed_loop(&whole, time).await?;
    let (mut figures, mut smallest) = (Vec::new(), None);
    for size in sizes.iter().filter(|size| **size <= largest) {
        whole.grow(*size).await?;
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
        let mut times = open_loop(&whole, half, time * 2).await?;
        times.sort_unstable();
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            let case = format!("{case}: {name} at {half:.0} orders/s");
            let took = quantile(&times, share).as_secs_f64() * 1e3;
            figures.push(Figure::time("latency", case, took));
        }
    }
    Ok(figures)
}

async fn closed_loop(whole: &Whole, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let deadline = began + time;
    let clients = (0..CLIENTS).map(|_| async {
        let mut client = Client::open(whole).await?;
        let mut orders = 0;
        while Instant::now() < deadline {
            client.place_and_read().await?;
            orders += 1;
        }
        anyhow::Ok(orders)
    });
    let orders: u64 = try_join_all(clients).await?.into_iter().sum();
    Ok(per_second(orders, began.elapsed()))
}

/// Orders at a fixed rate: how long each took from when it was due.
pub async fn open_loop(whole: &Whole, rate: f64, time: Duration) -> anyhow::Result<Vec<Duration>> {
    // So many that an order is read before its client is due again.
    let clients = CLIENTS * 2;
    let pause = Duration::from_secs_f64(1.0 / rate) * clients;
    let began = tokio::time::Instant::now() + Duration::from_millis(200);
    let clients = (0..clients).map(|number| async move {
        let mut client = Client::open(whole).await?;
        let mut due = began + pause / clients * number;
        let mut times = Vec::new();
        while due < began + time {
            sleep_until(due).await;
            client.place_and_read().await?;
            times.push(due.elapsed());
            due += pause;
        }
        anyhow::Ok(times)
    });
    Ok(try_join_all(clients).await?.concat())
}

/// One connection to each API.
struct Client<'a> {
    key: &'a str,
    commands: Connection,
    reads: Connection,
}

impl<'a> Client<'a> {
    async fn open(whole: &'a Whole) -> anyhow::Result<Self> {
        Ok(Self {
            key: &whole.key,
            commands: Connection::open(&whole.commands.address).await?,
            reads: Connection::open(&whole.reads.address).await?,
        })
    }

    async fn place_and_read(&mut self) -> anyhow::Result<()> {
        let (key, length) = (self.key, ORDER.len());
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
