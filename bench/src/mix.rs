//! Reads as shops have them: some orders much more often than others (Zipf's
//! law, exponent 1), and one request of twenty changes one.

use crate::{
    http::quantile, http_client::Connection, requests, row::Figure, whole::Whole,
    workload::per_second,
};
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// Connections to each API.
const CLIENTS: u32 = 64;
/// Of so many requests one is a write.
const WRITES: u64 = 20;
/// What the cache says of itself.
const METRIC: &str = "orderlog_cache_requests_total{family=\"orders\"";

/// Requests a second in a closed loop; at half of that how many are answered
/// from the cache, and how long reads take.
pub async fn measure(
    whole: &Whole,
    ids: &Arc<[String]>,
    time: Duration,
) -> anyhow::Result<Vec<Figure>> {
    let peak = closed_loop(whole, ids, time).await?;
    let half = peak / 2.0;
    let before = counted(whole).await?;
    let mut times = open_loop(whole, ids, half, time * 2).await?;
    let after = counted(whole).await?;
    times.sort_unstable();
    let hits = (after.0 - before.0) / (after.1 - before.1).max(1.0);
    let case = format!("hit ratio of {} orders, Zipf, 5 % writes", ids.len());
    let mut figures = vec![Figure::share("read", case, hits)];
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let case = format!("{name} of its reads at {half:.0} requests/s");
        let took = quantile(&times, share).as_secs_f64() * 1e3;
        figures.push(Figure::time("read", case, took));
    }
    Ok(figures)
}

async fn closed_loop(whole: &Whole, ids: &Arc<[String]>, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|number| async move {
        let mut client = Client::open(whole, ids, number).await?;
        let mut requests = 0;
        while began.elapsed() < time {
            client.next().await?;
            requests += 1;
        }
        anyhow::Ok(requests)
    });
    let requests: u64 = try_join_all(clients).await?.into_iter().sum();
    Ok(per_second(requests, began.elapsed()))
}

/// At a fixed rate: how long each read took from when it was due.
async fn open_loop(
    whole: &Whole,
    ids: &Arc<[String]>,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let pause = Duration::from_secs_f64(1.0 / rate) * CLIENTS;
    let began = tokio::time::Instant::now() + Duration::from_millis(200);
    let clients = (0..CLIENTS).map(|number| async move {
        // Not the requests of the closed loop.
        let mut client = Client::open(whole, ids, CLIENTS + number).await?;
        let mut due = began + pause / CLIENTS * number;
        let mut times = Vec::new();
        while due < began + time {
            sleep_until(due).await;
            if client.next().await? {
                times.push(due.elapsed());
            }
            due += pause;
        }
        anyhow::Ok(times)
    });
    Ok(try_join_all(clients).await?.concat())
}

/// Answers from the cache, and requests to it, so far.
async fn counted(whole: &Whole) -> anyhow::Result<(f64, f64)> {
    let mut connection = Connection::open(&whole.reads.address).await?;
    let metrics = requests::get("/metrics", &whole.key, "");
    let answer = connection.send(&metrics).await?;
    let (mut hits, mut all) = (0.0, 0.0);
    for line in std::str::from_utf8(&answer.body)?.lines() {
        if line.starts_with(METRIC) {
            let (labels, value) = line.rsplit_once(' ').context("a value")?;
            let value: f64 = value.parse()?;
            all += value;
            if ["\"hit\"", "\"revalidated\""]
                .iter()
                .any(|result| labels.contains(result))
            {
                hits += value;
            }
        }
    }
    ensure!(
        all > 0.0,
        "the read API does not count its cache's requests"
    );
    Ok((hits, all))
}

struct Client<'a> {
    whole: &'a Whole,
    ids: &'a [String],
    /// Of the `n` first orders, the sum of 1, 1/2, … 1/n.
    harmonic: Vec<f64>,
    reads: Connection,
    commands: Connection,
    label: String,
    labelled: HashSet<usize>,
    random: u64,
}

impl<'a> Client<'a> {
    async fn open(whole: &'a Whole, ids: &'a [String], number: u32) -> anyhow::Result<Self> {
        let mut sum = 0.0;
        let mut weight = 0.0;
        let harmonic = ids.iter().map(|_| {
            weight += 1.0;
            sum += 1.0 / weight;
            sum
        });
        Ok(Self {
            whole,
            ids,
            harmonic: harmonic.collect(),
            reads: Connection::open(&whole.reads.address).await?,
            commands: Connection::open(&whole.commands.address).await?,
            label: format!("client-{number}"),
            labelled: HashSet::new(),
            random: u64::from(number),
        })
    }

    /// The next request; whether it was a read.
    async fn next(&mut self) -> anyhow::Result<bool> {
        let order = self.order();
        if self.draw().is_multiple_of(WRITES) {
            self.write(order).await?;
            return Ok(false);
        }
        let path = format!("/v1/orders/{}", self.ids[order]);
        let request = requests::get(&path, &self.whole.key, "");
        let answer = self.reads.send(&request).await?;
        ensure!(answer.status == 200, "{}", answer.status);
        Ok(true)
    }

    /// Labels the order, or takes the label away: it is another version.
    async fn write(&mut self, order: usize) -> anyhow::Result<()> {
        let labelled = self.labelled.remove(&order) || !self.labelled.insert(order);
        let method = if labelled { "DELETE" } else { "PUT" };
        let request = format!(
            "{method} /v1/orders/{}/tags/{} HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {}\r\ncontent-length: 0\r\n\r\n",
            self.ids[order], self.label, self.whole.key
        );
        let answer = self.commands.send(request.as_bytes()).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "{}: {text}", answer.status);
        Ok(())
    }

    fn order(&mut self) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a share of the whole")]
        let share = (self.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        let drawn = share * self.harmonic.last().copied().unwrap_or_default();
        let found = self.harmonic.partition_point(|sum| *sum < drawn);
        found.min(self.ids.len().saturating_sub(1))
    }

    /// The next number of the sequence `SplitMix64`.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
