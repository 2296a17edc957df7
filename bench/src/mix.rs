//! Reads as shops have them: some orders much more often than others (Zipf's
//! law, exponent 1), and one request of twenty changes one.

use crate::{
    cache::Counted, http::quantile, http_client::Connection, requests, row::Figure, whole::Whole,
    workload::per_second, zipf::Zipf,
};
use anyhow::ensure;
use futures_util::future::try_join_all;
use infra::redis::NEAR_FAMILY;
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
/// Whose cache it is, behind what the process has in its memory.
const FAMILY: &str = "orders";

/// Requests a second in a closed loop; at half of that how many are answered
/// from the cache, and how long reads take.
pub async fn measure(
    whole: &Whole,
    ids: &Arc<[String]>,
    time: Duration,
) -> anyhow::Result<Vec<Figure>> {
    let peak = closed_loop(whole, ids, time).await?;
    let half = peak / 2.0;
    let counted = async || {
        let of = |family| Counted::of(&whole.reads.address, &whole.key, family);
        let (near, behind) = (of(NEAR_FAMILY).await?, of(FAMILY).await?);
        anyhow::Ok(near.with_what_is_behind(behind))
    };
    let before = counted().await?;
    let mut times = open_loop(whole, ids, half, time * 2).await?;
    let hits = counted().await?.hit_ratio(before);
    times.sort_unstable();
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

struct Client<'a> {
    whole: &'a Whole,
    ids: &'a [String],
    wanted: Zipf,
    reads: Connection,
    commands: Connection,
    label: String,
    labelled: HashSet<usize>,
}

impl<'a> Client<'a> {
    async fn open(whole: &'a Whole, ids: &'a [String], number: u32) -> anyhow::Result<Self> {
        Ok(Self {
            whole,
            ids,
            wanted: Zipf::new(ids.len(), u64::from(number)),
            reads: Connection::open(&whole.reads.address).await?,
            commands: Connection::open(&whole.commands.address).await?,
            label: format!("client-{number}"),
            labelled: HashSet::new(),
        })
    }

    /// The next request; whether it was a read.
    async fn next(&mut self) -> anyhow::Result<bool> {
        let order = self.wanted.place();
        if self.wanted.number().is_multiple_of(WRITES) {
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
}
