//! Requests that are put together beforehand, from many connections.

use crate::{http_client::Connection, workload::per_second, zipf::Zipf};
use anyhow::ensure;
use futures_util::future::try_join_all;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

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
    let began = Instant::now();
    let deadline = began + time;
    let clients = (0..connections).map(|number| {
        let (address, requests) = (address.to_owned(), Arc::clone(requests));
        tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut answers = 0;
            let first = number * requests.len() / connections;
            for request in requests.iter().cycle().skip(first) {
                if Instant::now() >= deadline {
                    break;
                }
                let answer = connection.send(request).await?;
                let text = String::from_utf8_lossy(&answer.body);
                ensure!(answer.status == status, "{}: {text}", answer.status);
                answers += 1;
            }
            anyhow::Ok(answers)
        })
    });
    let answers = try_join_all(clients).await?;
    let answers: u64 = answers.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(answers, began.elapsed()))
}

/// Requests at a fixed rate, some more often than others (Zipf's law), whether or
/// not those before are answered yet: how long each took from when it was due,
/// the shortest first.
pub async fn open_loop(
    address: &str,
    requests: &Arc<[Vec<u8>]>,
    connections: u32,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let pause = Duration::from_secs_f64(1.0 / rate) * connections;
    let began = tokio::time::Instant::now() + Duration::from_millis(200);
    let clients = (0..connections).map(|number| {
        let (address, requests) = (address.to_owned(), Arc::clone(requests));
        tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut wanted = Zipf::new(requests.len(), u64::from(number));
            let mut due = began + pause / connections * number;
            let mut times = Vec::new();
            while due < began + time {
                sleep_until(due).await;
                let answer = connection.send(&requests[wanted.place()]).await?;
                ensure!(answer.status == 200, "{}", answer.status);
                times.push(due.elapsed());
                due += pause;
            }
            anyhow::Ok(times)
        })
    });
    let times = try_join_all(clients).await?;
    let times = times.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let mut times = times.concat();
    times.sort_unstable();
    Ok(times)
}
