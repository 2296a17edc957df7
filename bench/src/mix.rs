//! Reads as shops have them: some orders much more often than others (Zipf's
//! law, exponent 1), and one request of twenty changes one.

use crate::{
    cache::Counted,
    http_client::Connection,
    load::{self, Schedule, p50_p99},
    requests,
    row::Figure,
    whole::Whole,
    zipf::Zipf,
};
use anyhow::ensure;
use infra::redis::NEAR_FAMILY;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

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
    let open = async |number| Client::open(whole, ids, number).await;
    let peak = load::rate_of(CLIENTS, open, time).await?;
    let half = peak / 2.0;
    let counted = async || {
        let of = |family| Counted::of(&whole.reads.address, &whole.key, family);
        let (near, behind) = (of(NEAR_FAMILY).await?, of(FAMILY).await?);
        anyhow::Ok(near.with_what_is_behind(behind))
    };
    let before = counted().await?;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        // Not the requests of the closed loop.
        clients.push(Client::open(whole, ids, CLIENTS + number).await?);
    }
    let times = load::open(clients, Schedule::steady(half), time * 2).await?;
    let hits = counted().await?.hit_ratio(before);
    let case = format!("hit ratio of {} orders, Zipf, 5 % writes", ids.len());
    let mut figures = vec![Figure::share("read", case, hits)];
    figures.extend(p50_p99(&times, "read", |name| {
        format!("{name} of its reads at {half:.0} requests/s")
    }));
    Ok(figures)
}

struct Client {
    key: Arc<str>,
    ids: Arc<[String]>,
    wanted: Zipf,
    reads: Connection,
    commands: Connection,
    label: String,
    labelled: HashSet<usize>,
}

impl load::Client for Client {
    /// The next request; reads are what is timed.
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        let order = self.wanted.place();
        if self.wanted.number().is_multiple_of(WRITES) {
            self.write(order).await?;
            return Ok(false);
        }
        let path = format!("/v1/orders/{}", self.ids[order]);
        let request = requests::get(&path, &self.key, "");
        let answer = self.reads.send(&request).await?;
        ensure!(answer.status == 200, "{}", answer.status);
        Ok(true)
    }
}

impl Client {
    async fn open(whole: &Whole, ids: &Arc<[String]>, number: u32) -> anyhow::Result<Self> {
        Ok(Self {
            key: whole.key.as_str().into(),
            ids: Arc::clone(ids),
            wanted: Zipf::new(ids.len(), u64::from(number)),
            reads: Connection::open(&whole.reads.address).await?,
            commands: Connection::open(&whole.commands.address).await?,
            label: format!("client-{number}"),
            labelled: HashSet::new(),
        })
    }

    /// Labels the order, or takes the label away: it is another version.
    async fn write(&mut self, order: usize) -> anyhow::Result<()> {
        let labelled = self.labelled.remove(&order) || !self.labelled.insert(order);
        let method = if labelled { "DELETE" } else { "PUT" };
        let request = format!(
            "{method} /v1/orders/{}/tags/{} HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {}\r\ncontent-length: 0\r\n\r\n",
            self.ids[order], self.label, self.key
        );
        let answer = self.commands.send(request.as_bytes()).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "{}: {text}", answer.status);
        Ok(())
    }
}
