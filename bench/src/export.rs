//! Row `export`: all orders as NDJSON and as CSV, to one client on this machine,
//! beside COPY TO STDOUT of what they are made of; how soon the first of them is
//! there, and what `read-api` takes in memory for it; then as files that a worker
//! makes, beside COPY into a file.

use crate::{export_files::Files, row::Figure, whole::Whole, workload::per_second};
use anyhow::ensure;
use futures_util::TryStreamExt as _;
use infra::config::Config;
use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What an export may take of `read-api` as a whole, in MiB.
const MEMORY: f64 = 128.0;
/// Until its first byte, in milliseconds.
const FIRST_BYTE: f64 = 100.0;
/// What it should reach of COPY.
const AIM: f64 = 0.4;

/// An export, and the statement that sends what it is made of.
struct Case {
    name: &'static str,
    path: &'static str,
    accepted: &'static str,
    yardstick: &'static str,
    copy: &'static str,
}

const DOCUMENTS: &str = "COPY (SELECT document FROM orders) TO STDOUT";
/// The columns of the export that are columns of the table; what it takes from
/// the JSON of lists is not in it.
const COLUMNS: &str = "COPY (SELECT id, number, version, platform, external_id, kind, status, \
     payment_status, fulfillment_status, return_status, confirmed, archived, hold_count, \
     customer_id, country, units, currency, total, captured, refunded, balance_due, tags, \
     created_at, placed_at, updated_at, confirmed_at, paid_at, shipped_at, delivered_at, \
     return_requested_at, refunded_at, cancelled_at FROM orders) TO STDOUT (FORMAT csv, HEADER)";

const CASES: [Case; 4] = [
    Case {
        name: "ndjson",
        path: "/v1/orders.ndjson",
        accepted: "identity",
        yardstick: "COPY of the documents",
        copy: DOCUMENTS,
    },
    Case {
        name: "ndjson, zstd",
        path: "/v1/orders.ndjson",
        accepted: "zstd",
        yardstick: "COPY of the documents",
        copy: DOCUMENTS,
    },
    Case {
        name: "csv",
        path: "/v1/orders.csv",
        accepted: "identity",
        yardstick: "COPY of the columns",
        copy: COLUMNS,
    },
    Case {
        name: "parquet",
        path: "/v1/orders.parquet",
        accepted: "identity",
        yardstick: "COPY of the columns",
        copy: COLUMNS,
    },
];

/// Orders a second at growing sizes, up to `ORDERLOG_BENCH_LARGEST` orders.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let config = Files::configured(config, folder);
    let sizes: &[i64] = if quick { &[2_000] } else { &[1_000_000] };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let rounds = if quick { 1 } else { 2 };
    let mut figures = Vec::new();
    for size in sizes.iter().filter(|size| **size <= largest) {
        let whole = Whole::with_orders(&config, folder, *size).await?;
        let files = Files::start(whole.config(), &whole, folder).await?;
        for case in &CASES {
            figures.extend(measured(&whole, case, *size, rounds).await?);
        }
        for (format, case) in [("ndjson", &CASES[0]), ("csv", &CASES[2])] {
            figures.push(in_files((&whole, &files), (format, case), *size, rounds).await?);
        }
        for (role, highest) in [
            ("read-api", whole.reads.highest_mib()?),
            ("worker", files.worker.highest_mib()?),
        ] {
            figures.push(Figure {
                row: "export",
                ..Figure::memory(
                    format!("{role}, highest, {size} orders"),
                    highest,
                    Some(MEMORY),
                )
            });
        }
    }
    Ok(figures)
}

/// The same rows as a file: from the request until it can be downloaded.
async fn in_files(
    (whole, files): (&Whole, &Files),
    (format, case): (&str, &Case),
    size: i64,
    rounds: usize,
) -> anyhow::Result<Figure> {
    let orders = u64::try_from(size)?;
    let mut rates = Vec::new();
    for _ in 0..rounds {
        let ours = files.made(format).await?;
        let theirs = files.copied(whole, case.copy).await?;
        rates.push((per_second(orders, ours), per_second(orders, theirs)));
    }
    // Of few orders it is the second until a worker begins that is measured.
    let aim = (size >= 1_000_000).then_some(AIM);
    let what = format!("{} as a file, {size} orders", case.name);
    let yardstick = "COPY into a file";
    Ok(Figure::of(
        "export", what, "orders/s", yardstick, aim, &rates,
    ))
}

async fn measured(
    whole: &Whole,
    case: &Case,
    size: i64,
    rounds: usize,
) -> anyhow::Result<[Figure; 2]> {
    let orders = u64::try_from(size)?;
    let (mut rates, mut firsts) = (Vec::new(), Vec::new());
    // Once for the caches of both.
    export(whole, case).await?;
    for _ in 0..rounds {
        let (first, took) = export(whole, case).await?;
        let theirs = copy(whole, case.copy).await?;
        rates.push((per_second(orders, took), per_second(orders, theirs)));
        firsts.push((FIRST_BYTE, first.as_secs_f64() * 1e3));
    }
    let what = format!("{}, {size} orders", case.name);
    let late = format!("{what}, first byte");
    let rate = Figure::of(
        "export",
        what,
        "orders/s",
        case.yardstick,
        Some(AIM),
        &rates,
    );
    let first = Figure::of("export", late, "ms", "limit", Some(1.0), &firsts);
    let first = Figure {
        ours: first.yardstick_value,
        yardstick_value: FIRST_BYTE,
        ..first
    };
    Ok([rate, first])
}

/// How long the first byte and all of it take, on a connection that is there.
async fn export(whole: &Whole, case: &Case) -> anyhow::Result<(Duration, Duration)> {
    let mut connection = TcpStream::connect(&whole.reads.address).await?;
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
         accept-encoding: {}\r\nconnection: close\r\n\r\n",
        case.path, whole.key, case.accepted
    );
    let began = Instant::now();
    connection.write_all(request.as_bytes()).await?;
    let mut head = Vec::with_capacity(4 << 10);
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") || head.ends_with(b"\r\n\r\n") {
        ensure!(connection.read_buf(&mut head).await? > 0, "no answer");
    }
    let first = began.elapsed();
    ensure!(
        head.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    // A client on the same cores that keeps nothing but the end.
    let (mut buffer, mut end) = (vec![0; 256 << 10], head);
    loop {
        let read = connection.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        if read < 5 {
            end.extend_from_slice(&buffer[..read]);
        } else {
            end.clear();
            end.extend_from_slice(&buffer[read - 5..read]);
        }
    }
    ensure!(end.ends_with(b"0\r\n\r\n"), "the export was cut off");
    Ok((first, began.elapsed()))
}

async fn copy(whole: &Whole, statement: &str) -> anyhow::Result<Duration> {
    let mut connection = whole.views.acquire().await?;
    let began = Instant::now();
    let mut rows = connection.copy_out_raw(statement).await?;
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        bytes += row.len();
    }
    ensure!(bytes > 0, "no orders");
    Ok(began.elapsed())
}
