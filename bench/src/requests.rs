//! Requests that are put together beforehand, from many connections.

use crate::{
    http_client::Connection,
    load::{self, Latencies, Schedule},
    zipf::Zipf,
};
use anyhow::ensure;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A GET of this path, with more headers, each with its end of line.
pub fn get(path: &str, key: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n{headers}\r\n")
        .into_bytes()
}

/// A POST of this JSON.
pub fn post(path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Answers a second: each connection sends all of the requests in turn, from
/// another one on, and expects this status.
pub async fn closed_loop(
    address: &str,
    requests: &Arc<[Vec<u8>]>,
    status: u16,
    connections: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    let connections = u32::try_from(connections)?;
    let open = async |number: u32| {
        let first = usize::try_from(number)? * requests.len() / usize::try_from(connections)?;
        Client::open(address, requests, status, Order::InTurn(first)).await
    };
    load::rate_of(connections, open, time).await
}

/// Requests at a fixed rate, some more often than others (Zipf's law): how long
/// each took from when it was due.
pub async fn open_loop(
    address: &str,
    requests: &Arc<[Vec<u8>]>,
    connections: u32,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Latencies> {
    let mut clients = Vec::new();
    for number in 0..connections {
        let order = Order::Wanted(Zipf::new(requests.len(), u64::from(number)));
        clients.push(Client::open(address, requests, 200, order).await?);
    }
    load::open(clients, Schedule::steady(rate), time).await
}

/// Which request is the next.
enum Order {
    /// This one, and then the one after it.
    InTurn(usize),
    /// Whichever is drawn.
    Wanted(Zipf),
}

/// One connection that sends some of the requests.
struct Client {
    connection: Connection,
    requests: Arc<[Vec<u8>]>,
    status: u16,
    order: Order,
}

impl Client {
    async fn open(
        address: &str,
        requests: &Arc<[Vec<u8>]>,
        status: u16,
        order: Order,
    ) -> anyhow::Result<Self> {
        ensure!(!requests.is_empty(), "no requests");
        Ok(Self {
            connection: Connection::open(address).await?,
            requests: Arc::clone(requests),
            status,
            order,
        })
    }
}

impl load::Client for Client {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        let place = match &mut self.order {
            Order::InTurn(next) => {
                let place = *next;
                *next = (place + 1) % self.requests.len();
                place
            }
            Order::Wanted(zipf) => zipf.place(),
        };
        let answer = self.connection.send(&self.requests[place]).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == self.status, "{}: {text}", answer.status);
        Ok(true)
    }
}
