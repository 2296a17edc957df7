//! What a shop asks: mostly reads, and commands that take each order through its
//! life.

use super::{Plan, client::Client};
use anyhow::{Context as _, Result, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// Of a hundred requests, those that read.
const READS: u32 = 80;
/// Requests under way after which no more are begun: a shop has so many visitors.
const AT_ONCE: usize = 256;
/// Orders that people still look at.
const RECENT: usize = 500;
const SKUS: u32 = 40;
const CUSTOMERS: u32 = 200;

/// A shop that is open.
pub struct Shop(Arc<Counter>);

struct Counter {
    client: Client,
    shelf: Mutex<Shelf>,
}

/// Orders between two commands, and those that were placed.
struct Shelf {
    rng: StdRng,
    waiting: Vec<Order>,
    recent: Vec<Seen>,
}

/// An order, and what is to become of it: the next step last.
#[derive(Debug)]
struct Order {
    seen: Seen,
    total: i64,
    steps: Vec<Step>,
}

/// An order as somebody was told of it.
#[derive(Debug, Clone)]
struct Seen {
    id: String,
    version: i64,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Authorize,
    Capture,
    Fulfill,
    Ship,
    Note,
    Refund,
}

enum Act {
    Place { body: Value, steps: Vec<Step> },
    Goes(Order),
    Look(Seen),
    List(&'static str, String),
}

impl Shop {
    pub fn open(client: Client, plan: &Plan) -> Self {
        Self(Arc::new(Counter {
            client,
            shelf: Mutex::new(Shelf {
                rng: StdRng::seed_from_u64(plan.seed),
                waiting: Vec::new(),
                recent: Vec::new(),
            }),
        }))
    }

    /// So many requests a second, until it is over; each gets its answer.
    pub async fn run(self, rate: u32, over: &CancellationToken) -> Result<()> {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut acts = JoinSet::new();
        loop {
            tokio::select! {
                () = over.cancelled() => break,
                Some(ended) = acts.join_next() => ended??,
                _ = ticks.tick() => {
                    if acts.len() < AT_ONCE {
                        let act = self.0.shelf().next_act();
                        acts.spawn(Arc::clone(&self.0).carry_out(act));
                    }
                }
            }
        }
        while let Some(ended) = acts.join_next().await {
            ended??;
        }
        Ok(())
    }
}

impl Counter {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry_out(self: Arc<Self>, act: Act) -> Result<()> {
        match act {
            Act::Place { body, steps } => self.place(&body, steps).await,
            Act::Goes(order) => self.goes_on(order).await,
            Act::Look(seen) => self.look(&seen).await,
            Act::List(kind, path) => self.list(kind, &path).await,
        }
    }

    async fn place(&self, body: &Value, steps: Vec<Step>) -> Result<()> {
        let placed = self.client.command("place", "/v1/orders", body).await?;
        let id = placed["order_id"].as_str().context("no id")?.to_owned();
        let total = placed["totals"]["total"].as_i64().context("no total")?;
        let version = placed["version"].as_i64().context("no version")?;
        let seen = Seen { id, version };
        self.shelf().back(Order { seen, total, steps });
        Ok(())
    }

    async fn goes_on(&self, mut order: Order) -> Result<()> {
        let step = order.steps.pop().context("nothing is to become of it")?;
        let (kind, action, body) = step.command(order.total);
        let path = format!("/v1/orders/{}/{action}", order.seen.id);
        let answer = self.client.command(kind, &path, &body).await?;
        let version = answer["version"].as_i64().context("no version")?;
        ensure!(
            version > order.seen.version,
            "{path}: version {version} after {}",
            order.seen.version
        );
        order.seen.version = version;
        self.shelf().back(order);
        Ok(())
    }

    /// Whoever has seen an order sees nothing older any more.
    async fn look(&self, seen: &Seen) -> Result<()> {
        let Seen { id, version } = seen;
        let path = format!("/v1/orders/{id}?min_version={version}");
        let order = self.client.get("one order", &path).await?.json()?;
        let new = order["version"].as_i64() >= Some(*version);
        ensure!(new && order["id"] == **id, "{path}: {order}");
        Ok(())
    }

    async fn list(&self, kind: &'static str, path: &str) -> Result<()> {
        let list = self.client.get(kind, path).await?.json()?;
        ensure!(list["data"].is_array(), "{path}: {list}");
        Ok(())
    }
}

impl Shelf {
    fn next_act(&mut self) -> Act {
        if self.rng.random_range(0..100) < READS {
            return self.read();
        }
        if self.waiting.is_empty() || self.rng.random_range(0..6) == 0 {
            return Act::Place {
                body: self.basket(),
                steps: self.life(),
            };
        }
        let which = self.rng.random_range(0..self.waiting.len());
        Act::Goes(self.waiting.swap_remove(which))
    }

    fn read(&mut self) -> Act {
        let kind = self.rng.random_range(0..100);
        let recent = self.recent.choose(&mut self.rng).cloned();
        match (kind, recent) {
            (0..40, Some(seen)) => Act::Look(seen),
            (0..70, _) => Act::List("list", self.filtered()),
            (70..85, _) => Act::List("search", self.searched()),
            _ => Act::List("statistics", self.counted()),
        }
    }

    fn filtered(&mut self) -> String {
        const FILTERS: [&str; 6] = [
            "limit=20",
            "limit=50&platform=web&status=placed",
            "limit=20&payment_status=paid&fulfillment_status=unfulfilled&sort=created_at",
            "limit=20&total_min=5000&sort=-total",
            "limit=10&fulfillment_status=fulfilled&country=GB&expand=lines",
            "limit=20&tag=gift&count=estimated",
        ];
        let filter = FILTERS[self.rng.random_range(0..FILTERS.len())];
        format!("/v1/orders?{filter}")
    }

    fn searched(&mut self) -> String {
        let number = self.rng.random_range(0..SKUS);
        let customer = self.rng.random_range(0..CUSTOMERS);
        let q = match self.rng.random_range(0..4) {
            0 => format!("LAMP-{number}"),
            1 => format!("c{customer}@example.com"),
            2 => "reading+lmap".to_owned(),
            _ => format!("lovelace+{customer}"),
        };
        format!("/v1/orders?limit=20&q={q}")
    }

    fn counted(&mut self) -> String {
        const PATHS: [&str; 5] = [
            "orders?interval=day&group_by=platform",
            "orders?interval=hour&group_by=country",
            "orders?group_by=status,currency",
            "products?limit=10",
            "customers?limit=10",
        ];
        let path = PATHS[self.rng.random_range(0..PATHS.len())];
        format!("/v1/statistics/{path}")
    }

    fn basket(&mut self) -> Value {
        let rng = &mut self.rng;
        let customer = rng.random_range(0..CUSTOMERS);
        let lines = (0..rng.random_range(1..=3)).map(|_| {
            let number = rng.random_range(0..SKUS);
            json!({
                "sku": format!("LAMP-{number}"), "name": format!("Reading lamp {number}"),
                "quantity": rng.random_range(1..=4), "unit_price": 500 + 125 * number,
            })
        });
        let lines: Vec<Value> = lines.collect();
        json!({
            "platform": if rng.random_bool(0.5) { "web" } else { "store" },
            "currency": "GBP",
            "customer": {
                "id": format!("c-{customer}"), "name": format!("Ada Lovelace {customer}"),
                "email": format!("c{customer}@example.com"),
            },
            "lines": lines,
            "shipping": {"method": "std", "name": "Standard", "amount": 399},
            "shipping_address": {
                "line1": "12 St James's Square", "city": "London",
                "country": if rng.random_bool(0.8) { "GB" } else { "FR" },
            },
            "tags": if rng.random_bool(0.1) { vec!["gift"] } else { Vec::new() },
        })
    }

    /// Paid and sent; at times with a note, at times given back in part.
    fn life(&mut self) -> Vec<Step> {
        let mut steps = vec![Step::Ship, Step::Fulfill, Step::Capture, Step::Authorize];
        if self.rng.random_bool(0.3) {
            steps.insert(0, Step::Refund);
        }
        if self.rng.random_bool(0.5) {
            steps.insert(self.rng.random_range(0..=steps.len()), Step::Note);
        }
        steps
    }

    /// An order that a command was carried out on.
    fn back(&mut self, order: Order) {
        match self.recent.iter_mut().find(|seen| seen.id == order.seen.id) {
            Some(seen) => seen.version = order.seen.version,
            None => self.recent.push(order.seen.clone()),
        }
        if self.recent.len() > RECENT {
            self.recent.remove(0);
        }
        if !order.steps.is_empty() {
            self.waiting.push(order);
        }
    }
}

impl Step {
    /// What it is called, its path below an order's, and its body.
    fn command(self, total: i64) -> (&'static str, &'static str, Value) {
        match self {
            Self::Authorize => {
                let body = json!({"amount": total, "provider": "bank", "reference": "x"});
                ("authorize", "payments", body)
            }
            Self::Capture => {
                let body = json!({ "amount": total });
                ("capture", "payments/p1/capture", body)
            }
            Self::Fulfill => {
                let body = json!({"lines": [{"line": "l1", "quantity": 1}]});
                ("fulfill", "fulfillments", body)
            }
            Self::Ship => {
                let body = json!({"carrier": "post", "tracking_number": "T1"});
                ("ship", "fulfillments/f1/ship", body)
            }
            Self::Note => ("note", "notes", json!({"text": "ring twice"})),
            Self::Refund => {
                let body = json!({"payment_id": "p1", "amount": 100, "reason": "a scratch"});
                ("refund", "refunds", body)
            }
        }
    }
}
