//! Row `shop`: what is asked of a shop that `orderlog seed` has made, all at the same
//! time: four of five requests read, some products and orders are wanted much more
//! often than others (Zipf's law), and visitors come in bursts. As much as it takes,
//! then at shares of that.

use crate::{
    http::order_id,
    http_client::Connection,
    load::{self, Latencies, Schedule},
    process::memory_of,
    reference, requests,
    row::Figure,
    whole::Whole,
    zipf::Zipf,
};
use anyhow::{Context as _, ensure};
use infra::{clock, config::Config};
use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Connections to each API that make the peak.
const CLIENTS: u32 = 64;
/// So many that one is free whenever a request is due, bursts aside.
const OPEN: u32 = 256;
/// Percent of the peak.
const SHARES: [u32; 4] = [25, 50, 75, 90];
const PERCENTILES: [(&str, f64); 4] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
/// Products of a request.
const EACH: usize = 20;
/// Of a hundred requests, so many are for products, for an order, for a page of
/// orders, place an order; the rest label one.
const PRODUCTS: u64 = 40;
const ORDER: u64 = PRODUCTS + 30;
const PAGE: u64 = ORDER + 10;
const PLACE: u64 = PAGE + 8;

/// Labels that there are: an order may not have any number of them.
const LABELS: u32 = 16;

/// The platform of the seed that visitors see, and the currency of its orders.
const PLATFORM: &str = "fernwick-uk";
const CURRENCY: &str = "GBP";
/// The day on which nothing happens any more in what is there: the same orders
/// whenever they are made.
const UNTIL: &str = "2026-03-01";

/// What there is.
struct Stock {
    key: String,
    ids: Vec<String>,
    skus: Vec<String>,
}

/// Measures the peak, then how long requests take at shares of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let (orders, products) = if quick { (1_000, 200) } else { (10_000, 2_000) };
    // Whole bursts.
    let (peak_time, time) = if quick { (2, 5) } else { (8, 20) };
    let (peak_time, time) = (Duration::from_secs(peak_time), Duration::from_secs(time));
    let stock = Box::pin(stock(&whole, folder, orders, products)).await?;
    let stock = Arc::new(stock);
    // What everything costs once is not what is measured.
    closed_loop(&whole, &stock, peak_time / 2).await?;
    let peak = closed_loop(&whole, &stock, peak_time).await?;
    let case = format!("peak, {CLIENTS} clients");
    let mut figures = vec![Figure::alone("shop", case, "requests/s", peak)];
    for percent in SHARES {
        // Until what was placed before can be read.
        whole.grow(0).await?;
        let rate = peak * f64::from(percent) / 100.0;
        let mut clients = Vec::new();
        for number in 0..OPEN {
            // Not the requests of the rounds before.
            clients.push(Client::of(&whole, &stock, percent * OPEN + number));
        }
        let took = load::open(clients, Schedule::in_bursts(rate), time).await?;
        figures.extend(told(&took, percent, rate));
    }
    Ok(figures)
}

async fn closed_loop(whole: &Whole, stock: &Arc<Stock>, time: Duration) -> anyhow::Result<f64> {
    let open = async |number| Ok(Client::of(whole, stock, number));
    load::rate_of(CLIENTS, open, time).await
}

fn told(took: &Latencies, percent: u32, rate: f64) -> Vec<Figure> {
    took.figures("shop", &PERCENTILES, |name| {
        format!("at {percent} % of its peak ({rate:.0} requests/s), {name}")
    })
}

/// A shop of so many orders and products, all of it readable.
async fn stock(
    whole: &Whole,
    folder: &Path,
    orders: i64,
    products: usize,
) -> anyhow::Result<Stock> {
    let key_file = folder.join("seed-api-key");
    fs::write(&key_file, &whole.key)?;
    let key_file = key_file.to_str().context("the folder is not UTF-8")?;
    let (count, wares) = (orders.to_string(), products.to_string());
    let url = format!("http://{}", whole.commands.address);
    let of = ["seed", "--orders", &*count, "--products", &*wares];
    let at = ["--until", UNTIL, "--url", &*url, "--api-key-file", key_file];
    memory_of(whole.config(), &[&of[..], &at[..]].concat(), folder).await?;
    // Another one after them all: what was there before it is there with it.
    let last = reference::product(0);
    reference::readable(whole, "/v1/products", &last).await?;
    whole.grow(0).await?;
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM orders ORDER BY id LIMIT $1")
        .bind(orders)
        .fetch_all(&whole.views)
        .await?;
    let skus: Vec<String> = sqlx::query_scalar("SELECT key FROM products ORDER BY key")
        .fetch_all(&whole.views)
        .await?;
    ensure!(!ids.is_empty(), "no orders");
    ensure!(skus.len() >= EACH, "{} products", skus.len());
    let key = whole.key.clone();
    Ok(Stock { key, ids, skus })
}

/// A visitor: one connection to each API.
struct Client {
    stock: Arc<Stock>,
    orders: Zipf,
    products: Zipf,
    reads: Connection,
    commands: Connection,
    label: String,
    labelled: HashSet<usize>,
}

impl load::Client for Client {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        match self.orders.number() % 100 {
            drawn if drawn < PRODUCTS => {
                let skus = (0..EACH).map(|_| self.products.place());
                let skus: Vec<String> = skus
                    .map(|place| format!("sku={}", self.stock.skus[place]))
                    .collect();
                let path = format!("/v1/products?limit={EACH}&{}", skus.join("&"));
                self.read(&path).await?;
            }
            drawn if drawn < ORDER => {
                let path = format!("/v1/orders/{}", self.stock.ids[self.orders.place()]);
                self.read(&path).await?;
            }
            drawn if drawn < PAGE => {
                let path = format!("/v1/orders?limit=20&platform={PLATFORM}");
                self.read(&path).await?;
            }
            drawn if drawn < PLACE => self.place().await?,
            _ => self.label().await?,
        }
        Ok(true)
    }
}

impl Client {
    fn of(whole: &Whole, stock: &Arc<Stock>, number: u32) -> Self {
        let seed = u64::from(number);
        Self {
            stock: Arc::clone(stock),
            orders: Zipf::new(stock.ids.len(), seed),
            products: Zipf::new(stock.skus.len(), !seed),
            reads: Connection::later(&whole.reads.address),
            commands: Connection::later(&whole.commands.address),
            label: format!("visitor-{}", number % LABELS),
            labelled: HashSet::new(),
        }
    }

    async fn read(&mut self, path: &str) -> anyhow::Result<()> {
        let request = requests::get(path, &self.stock.key, "");
        let answer = self.reads.send(&request).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(())
    }

    /// An order of three products.
    async fn place(&mut self) -> anyhow::Result<()> {
        let line = |place: usize| {
            let sku = &self.stock.skus[place];
            format!(r#"{{"sku":"{sku}","name":"Desk lamp, brass","quantity":1,"unit_price":1999}}"#)
        };
        let lines: Vec<_> = (0..3).map(|_| line(self.products.place())).collect();
        let body = format!(
            r#"{{"platform":"{PLATFORM}","currency":"{CURRENCY}","lines":[{}]}}"#,
            lines.join(",")
        );
        let answer = self.command("POST", "/v1/orders", &body).await?;
        order_id(&answer)?;
        Ok(())
    }

    /// Labels an order, or takes the label away: it is another version.
    async fn label(&mut self) -> anyhow::Result<()> {
        let order = self.orders.place();
        let labelled = self.labelled.remove(&order) || !self.labelled.insert(order);
        let method = if labelled { "DELETE" } else { "PUT" };
        let path = format!("/v1/orders/{}/tags/{}", self.stock.ids[order], self.label);
        self.command(method, &path, "").await?;
        Ok(())
    }

    async fn command(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Vec<u8>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
             idempotency-key: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.stock.key,
            clock::new_id(),
            body.len()
        );
        let answer = self.commands.send(request.as_bytes()).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            (200..300).contains(&answer.status),
            "{method} {path}: {}: {text}",
            answer.status
        );
        Ok(answer.body)
    }
}
