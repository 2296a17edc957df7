//! Row `bulk`: orders placed line by line through `POST /v1/bulk`, beside the
//! same orders in a request each, on keep-alive connections.

use crate::{
    http::{ORDER, key},
    http_client::Connection,
    process::Process,
    row::Figure,
    workload::per_second,
};
use anyhow::{Context as _, ensure};
use futures_util::future::{try_join, try_join_all};
use infra::{clock, config::Config, postgres};
use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Connections of single requests.
const CLIENTS: usize = 64;
/// Bulk requests at a time.
const STREAMS: [usize; 2] = [1, 4];
/// Lines that are written at a time.
const LINES: usize = 64;

/// Measures bulk requests beside single ones.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let rounds = if quick { 1 } else { 3 };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let key = key(config).await?;
    let api = Process::start(config, "command-api", folder).await?;
    singles(&api.address, &key, time / 2).await?;
    let mut measured = STREAMS.map(|_| Vec::new());
    for _ in 0..rounds {
        let theirs = singles(&api.address, &key, time).await?;
        for (streams, rounds) in STREAMS.into_iter().zip(&mut measured) {
            let ours = lines(&api.address, &key, streams, time).await?;
            rounds.push((ours, theirs));
        }
    }
    let figure = |(streams, rounds): (usize, &Vec<_>)| {
        let case = format!("{streams} requests at a time");
        Figure::of(
            "bulk",
            case,
            "orders/s",
            "one each, 64 clients",
            None,
            rounds,
        )
    };
    let mut figures: Vec<_> = STREAMS.into_iter().zip(&measured).map(figure).collect();
    figures.push(api.highest("command-api in bulk, highest")?);
    Ok(figures)
}

/// Orders a second, each by a request of its own.
async fn singles(address: &str, key: &str, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|_| {
        let (address, key) = (address.to_owned(), key.to_owned());
        tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut orders = 0;
            while began.elapsed() < time {
                let request = format!(
                    "POST /v1/orders HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
                     idempotency-key: {}\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\n\r\n{ORDER}",
                    clock::new_id(),
                    ORDER.len()
                );
                let answer = connection.send(request.as_bytes()).await?;
                ensure!(answer.status == 201, "{}", answer.status);
                orders += 1;
            }
            Ok(orders)
        })
    });
    let orders = try_join_all(clients).await?;
    let orders: u64 = orders.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(orders, began.elapsed()))
}

/// Orders a second of so many bulk requests.
async fn lines(address: &str, key: &str, streams: usize, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let requests = (0..streams).map(|_| {
        let (address, key) = (address.to_owned(), key.to_owned());
        tokio::spawn(async move {
            // Both halves stay open to the end: half a connection is one that hangs up.
            let (mut from, mut to) = TcpStream::connect(&address).await?.into_split();
            let sending = send(&mut to, &key, began + time);
            let (sent, placed) = try_join(sending, placed(&mut from)).await?;
            ensure!(sent == placed, "{placed} of {sent} orders were placed");
            Ok(placed)
        })
    });
    let orders = try_join_all(requests).await?;
    let orders: u64 = orders.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(orders, began.elapsed()))
}

/// Sends lines until the deadline, as fast as they are taken; how many.
async fn send(to: &mut OwnedWriteHalf, key: &str, deadline: Instant) -> anyhow::Result<u64> {
    let head = format!(
        "POST /v1/bulk HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\ncontent-type: application/x-ndjson\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    to.write_all(head.as_bytes()).await?;
    let (order, mut sent) = (ORDER.replace('\n', ""), 0);
    while Instant::now() < deadline {
        let mut lines = String::new();
        for _ in 0..LINES {
            let key = clock::new_id();
            writeln!(
                lines,
                r#"{{"op":"place_order","key":"{key}","body":{order}}}"#
            )?;
            sent += 1;
        }
        let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
        to.write_all(chunk.as_bytes()).await?;
    }
    to.write_all(b"0\r\n\r\n").await?;
    Ok(sent)
}

/// Reads results to the trailer; how many orders it counts as placed.
async fn placed(from: &mut OwnedReadHalf) -> anyhow::Result<u64> {
    const LAST: usize = 512;
    let mut read = Vec::with_capacity(64 << 10);
    while from.read_buf(&mut read).await? > 0 {
        let passed = read.len().saturating_sub(LAST);
        read.drain(..passed);
    }
    let read = String::from_utf8_lossy(&read);
    let (_, trailer) = read
        .rsplit_once("{\"trailer\":")
        .with_context(|| format!("no end: {read}"))?;
    let (_, count) = trailer.split_once("\"succeeded\":").context("a count")?;
    let digits = count.split(|c: char| !c.is_ascii_digit()).next();
    Ok(digits.context("a number")?.parse()?)
}
