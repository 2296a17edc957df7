//! Row `shop`: what a shop asks of it, all at the same time: four of five requests
//! read, some products and orders are wanted much more often than others (Zipf's
//! law), and visitors come in bursts. As much as it takes, then at shares of that.

use crate::{
    http::order_id,
    http_client::Connection,
    load::{self, Latencies, Schedule},
    reference, requests,
    row::Figure,
    whole::Whole,
    zipf::Zipf,
};
use anyhow::ensure;
use infra::{clock, config::Config};
use std::{
    collections::HashSet,
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

/// What there is.
struct Stock {
    key: String,
    ids: Vec<String>,
    products: usize,
}

/// Measures the peak, then how long requests take at shares of it.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let (orders, products) = if quick { (1_000, 200) } else { (10_000, 2_000) };
    // Whole bursts.
    let (peak_time, time) = if quick { (2, 5) } else { (8, 20) };
    let (peak_time, time) = (Duration::from_secs(peak_time), Duration::from_secs(time));
    let stock = Arc::new(stock(&whole, orders, products).await?);
    // What everything costs once is not what is measured.
    closed_loop(&whole, &stock, peak_time / 2).await?;
    let peak = closed_loop(&whole, &stock, peak_time).await?;
    let case = format!("peak, {CLIENTS} clients");
    let mut figures = vec![Figure::alone("shop", case, "requests/s", peak)];
    for percent in SHARES {
        // Until what was placed before can be read.
        whole.grow(orders).await?;
        let rate = peak * f64::from(percent) / 100.0;
        let mut clients = Vec::new();
        for number in 0..OPEN {
            // Not the requests of the rounds before.
            clients.push(Client::open(&whole, &stock, percent * OPEN + number).await?);
        }
        let took = load::open(clients, Schedule::in_bursts(rate), time).await?;
        figures.extend(told(&took, percent, rate));
    }
    Ok(figures)
}

async fn closed_loop(whole: &Whole, stock: &Arc<Stock>, time: Duration) -> anyhow::Result<f64> {
    let open = async |number| Client::open(whole, stock, number).await;
    load::rate_of(CLIENTS, open, time).await
}

fn told(took: &Latencies, percent: u32, rate: f64) -> Vec<Figure> {
    took.figures("shop", &PERCENTILES, |name| {
        format!("at {percent} % of its peak ({rate:.0} requests/s), {name}")
    })
}

/// Products and orders, all of them readable.
async fn stock(whole: &Whole, orders: i64, products: usize) -> anyhow::Result<Stock> {
    let api = (&*whole.commands.address, &*whole.key);
    let lines = std::iter::once(reference::platform());
    let lines = lines.chain((0..products).map(reference::product));
    reference::save(api, "shop", lines, 1).await?;
    let last = reference::product(products);
    reference::readable(whole, "/v1/products", &last).await?;
    whole.grow(orders).await?;
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM orders ORDER BY id LIMIT $1")
        .bind(orders)
        .fetch_all(&whole.views)
        .await?;
    ensure!(!ids.is_empty(), "no orders");
    let key = whole.key.clone();
    Ok(Stock { key, ids, products })
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
                let skus = (0..EACH).map(|_| reference::sku(self.products.place()));
                let skus: Vec<String> = skus.map(|sku| format!("sku={sku}")).collect();
                let path = format!("/v1/products?limit={EACH}&{}", skus.join("&"));
                self.read(&path).await?;
            }
            drawn if drawn < ORDER => {
                let path = format!("/v1/orders/{}", self.stock.ids[self.orders.place()]);
                self.read(&path).await?;
            }
            drawn if drawn < PAGE => self.read("/v1/orders?limit=20&platform=web").await?,
            drawn if drawn < PLACE => self.place().await?,
            _ => self.label().await?,
        }
        Ok(true)
    }
}

impl Client {
    async fn open(whole: &Whole, stock: &Arc<Stock>, number: u32) -> anyhow::Result<Self> {
        let seed = u64::from(number);
        Ok(Self {
            stock: Arc::clone(stock),
            orders: Zipf::new(stock.ids.len(), seed),
            products: Zipf::new(stock.products, !seed),
            reads: Connection::open(&whole.reads.address).await?,
            commands: Connection::open(&whole.commands.address).await?,
            label: format!("visitor-{}", number % LABELS),
            labelled: HashSet::new(),
        })
    }

    async fn read(&mut self, path: &str) -> anyhow::Result<()> {
        let request = requests::get(path, &self.stock.key, "");
        let answer = self.reads.send(&request).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(())
    }

    /// An order of three products.
    async fn place(&mut self) -> anyhow::Result<()> {
        let line = |sku: String| {
            format!(r#"{{"sku":"{sku}","name":"Desk lamp, brass","quantity":1,"unit_price":1999}}"#)
        };
        let lines: Vec<_> = (0..3)
            .map(|_| line(reference::sku(self.products.place())))
            .collect();
        let body = format!(
            r#"{{"platform":"web","currency":"GBP","lines":[{}]}}"#,
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
