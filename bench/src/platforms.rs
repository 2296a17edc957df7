//! Row `platforms`: how the orders of a platform are treated, which every command on
//! one asks for: from the memory of a process, which keeps it for a quarter of a
//! second, and of the log each time. Which part of the look-ups of orders that are
//! placed is answered by memory. And platforms as they are read, from Redis and from
//! PostgreSQL alone.

use crate::{
    bare::Bare,
    cache::Counted,
    http_client::Connection,
    load::{self, Schedule, p50_p99},
    process::Process,
    reference, requests,
    row::Figure,
    whole::Whole,
    zipf::Zipf,
};
use actix_web::http::StatusCode;
use anyhow::{anyhow, ensure};
use domain::ids;
use infra::{
    config::Config,
    local_servers::free_port,
    platforms::{Directory, Platforms},
    postgres,
};
use orderlog::mapping::Mapping;
use serde_json::json;
use std::{
    future::ready,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Connections, and tasks that ask in process.
const CLIENTS: u32 = 64;
/// Connections to the log of those.
const TO_LOG: u32 = 16;
/// Platforms; some are asked for more often than others (Zipf's law).
const PLATFORMS: usize = 100;

/// Measures look-ups, then reads, then orders.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let rounds = if quick { 1 } else { 3 };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let api = (&*whole.commands.address, &*whole.key);
    let lines = (0..PLATFORMS).map(reference::channel);
    reference::save(api, "platforms", lines, 1).await?;
    // Another one after them all: what was there before it is there with it.
    let last = reference::channel(PLATFORMS);
    reference::readable(&whole, "/v1/platforms", &last).await?;
    let mut figures = looked_up(config, rounds, time).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..config.clone()
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    figures.extend(Box::pin(read(&whole, &uncached.address, rounds, time)).await?);
    figures.extend(Box::pin(placed(&whole, time)).await?);
    Ok(figures)
}

/// As commands look platforms up, in process.
async fn looked_up(config: &Config, rounds: usize, time: Duration) -> anyhow::Result<Vec<Figure>> {
    let log = postgres::pool(&config.events_url, TO_LOG)?;
    let (mapping, id) = (Arc::new(Mapping), ids::platform_id);
    // What that has read is too old at once.
    let from_log = Directory::keeping(
        Duration::ZERO,
        (log.clone(), None),
        mapping.clone(),
        id,
        Platforms::default(),
    );
    let from_memory = Directory::new(log, None, mapping, id, Platforms::default());
    let (from_memory, from_log) = (Arc::new(from_memory), Arc::new(from_log));
    let mut both = Vec::new();
    for _ in 0..rounds {
        let memory = rate(&from_memory, time).await?;
        both.push((memory, rate(&from_log, time).await?));
    }
    let case = format!("looked up in process, {CLIENTS} tasks");
    let (unit, yardstick) = ("look-ups/s", "the log each time");
    let figure = Figure::of("platforms", case, unit, yardstick, None, &both);
    let half = figure.yardstick_value / 2.0;
    let mut figures = vec![figure];
    for (case, directory) in [
        ("looked up in memory", &from_memory),
        ("looked up in the log", &from_log),
    ] {
        let clients = (0..CLIENTS).map(|number| Asking::new(directory, number));
        let clients: Vec<_> = clients.collect();
        let times = load::open(clients, Schedule::steady(half), time * 2).await?;
        figures.extend(p50_p99(&times, "platforms", |name| {
            format!("{case}, {name} at {half:.0} look-ups/s")
        }));
    }
    Ok(figures)
}

/// Look-ups a second.
async fn rate(directory: &Arc<Directory>, time: Duration) -> anyhow::Result<f64> {
    let open = |number| ready(anyhow::Ok(Asking::new(directory, number)));
    load::rate_of(CLIENTS, open, time).await
}

/// As they are read over HTTP.
async fn read(
    whole: &Whole,
    uncached: &str,
    rounds: usize,
    time: Duration,
) -> anyhow::Result<Vec<Figure>> {
    let address = &whole.reads.address;
    let known = (0..PLATFORMS).map(|n| {
        let path = format!("/v1/platforms/{}", reference::slug(n));
        requests::get(&path, &whole.key, "")
    });
    let known: Arc<[Vec<u8>]> = known.collect::<Vec<_>>().into();
    let answer = Connection::open(address).await?.send(&known[0]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "{}: {text}", answer.status);
    let bare = Bare::start(StatusCode::OK, answer.body)?;
    let connections = usize::try_from(CLIENTS)?;
    let rate = |address| requests::closed_loop(address, &known, 200, connections, time);
    // A platform is kept once it was asked for twice.
    rate(address).await?;
    let (mut to_database, mut to_bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let cached = rate(address).await?;
        to_database.push((cached, rate(uncached).await?));
        to_bare.push((cached, rate(&bare.address).await?));
    }
    bare.stop().await;
    let figure = |yardstick, rounds: &[_]| {
        let case = format!("read, {CLIENTS} clients");
        Figure::of("platforms", case, "answers/s", yardstick, None, rounds)
    };
    let mut figures = vec![
        figure("PostgreSQL alone", &to_database),
        figure("bare actix handler", &to_bare),
    ];
    let half = figures[0].yardstick_value / 2.0;
    let counted = || Counted::of(address, &whole.key, "platforms");
    let before = counted().await?;
    for (case, address) in [
        ("read from Redis", address.as_str()),
        ("read from PostgreSQL alone", uncached),
    ] {
        let times = requests::open_loop(address, &known, CLIENTS, half, time * 2).await?;
        figures.extend(p50_p99(&times, "platforms", |name| {
            format!("{case}, {name} at {half:.0} requests/s")
        }));
    }
    let hits = counted().await?.hit_ratio(before);
    let case = format!("hit ratio of Redis, {PLATFORMS}, Zipf, at {half:.0} requests/s");
    figures.push(Figure::share("platforms", case, hits));
    Ok(figures)
}

/// As orders that are placed ask for them.
async fn placed(whole: &Whole, time: Duration) -> anyhow::Result<Vec<Figure>> {
    let address = &whole.commands.address;
    let orders = (0..PLATFORMS).map(|n| {
        let order = json!({
            "platform": reference::slug(n), "currency": "GBP",
            "lines": [{"sku": "SKU-0", "name": "Desk lamp, brass", "quantity": 2, "unit_price": 1_999}],
        });
        requests::post("/v1/orders", &whole.key, &order.to_string())
    });
    let orders: Arc<[Vec<u8>]> = orders.collect::<Vec<_>>().into();
    let connections = usize::try_from(CLIENTS)?;
    let peak = requests::closed_loop(address, &orders, 201, connections, time).await?;
    let half = peak / 2.0;
    let counted = || Counted::of_rules(address, &whole.key);
    let before = counted().await?;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(Placing {
            connection: Connection::open(address).await?,
            orders: Arc::clone(&orders),
            wanted: Zipf::new(PLATFORMS, u64::from(number)),
        });
    }
    let times = load::open(clients, Schedule::steady(half), time * 2).await?;
    let hits = counted().await?.hit_ratio(before);
    let case = format!("hit ratio of memory, {PLATFORMS}, Zipf, at {half:.0} orders/s");
    let mut figures = vec![Figure::share("platforms", case, hits)];
    figures.extend(p50_p99(&times, "platforms", |name| {
        format!("{name} of these orders")
    }));
    Ok(figures)
}

/// A task that looks platforms up.
struct Asking {
    directory: Arc<Directory>,
    wanted: Zipf,
}

impl Asking {
    fn new(directory: &Arc<Directory>, number: u32) -> Self {
        Self {
            directory: Arc::clone(directory),
            wanted: Zipf::new(PLATFORMS, u64::from(number)),
        }
    }
}

impl load::Client for Asking {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        // What memory answers takes no turn: whoever waits for the log has to get one.
        tokio::task::yield_now().await;
        let slug = reference::slug(self.wanted.place());
        let now = self.directory.get(&slug).await;
        let now = now.map_err(|error| anyhow!("{slug}: {error}"))?;
        ensure!(now.version > 0, "nobody has saved {slug}");
        Ok(true)
    }
}

/// A connection that places orders.
struct Placing {
    connection: Connection,
    orders: Arc<[Vec<u8>]>,
    wanted: Zipf,
}

impl load::Client for Placing {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        let order = &self.orders[self.wanted.place()];
        let answer = self.connection.send(order).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 201, "{}: {text}", answer.status);
        Ok(true)
    }
}
