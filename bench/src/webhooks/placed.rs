//! How soon a receiver is told of an order that was placed: alone, beside two that
//! answer as it does, and beside one that hangs and one that refuses.

use super::{
    PATIENCE,
    endpoints::Endpoints,
    receiver::{Receiver, Reply},
};
use crate::{
    http::{ORDER, order_id},
    http_client::Connection,
    load::{self, Latencies, Schedule, p50_p99},
    row::Figure,
    whole::Whole,
};
use anyhow::ensure;
use infra::clock;
use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

/// Clients that place orders.
const CLIENTS: u32 = 64;
/// What an endpoint is told of here.
const PLACED: &str = "order.placed";

/// Orders a second, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub rate: f64,
    pub time: Duration,
}

/// The same load of one endpoint alone, beside two that answer and beside two that
/// are dead, in turn.
pub async fn measure(
    whole: &Whole,
    (endpoints, receiver): (&Endpoints, &Receiver),
    rounds: usize,
    load: Load,
) -> anyhow::Result<Vec<Figure>> {
    endpoints.add(&receiver.url, PLACED).await?;
    let (mut alone, mut beside) = (Latencies::new()?, Latencies::new()?);
    let mut measured = Vec::new();
    let among = async |replies| {
        let others = Others::add_to(endpoints, replies).await?;
        let took = placed(whole, receiver, load).await?;
        others.remove_from(endpoints).await?;
        anyhow::Ok(took)
    };
    for _ in 0..rounds {
        alone.add(&placed(whole, receiver, load).await?)?;
        endpoints.settled().await?;
        let without = among([Reply::Told, Reply::Told]).await?;
        let with = among([Reply::Never, Reply::Refused]).await?;
        beside.add(&with)?;
        measured.push((with, without));
    }
    let rate = load.rate;
    let mut figures = p50_p99(&alone, "webhooks", |name| {
        format!("place to delivered: {name} at {rate:.0} orders/s")
    });
    let held = [("p50", 0.5), ("p99", 0.99)].map(|(name, share)| {
        let times = measured
            .iter()
            .map(|(with, without)| (with.quantile(share), without.quantile(share)));
        let times: Vec<_> = times.collect();
        let case = format!("place to delivered beside two dead ones: {name} at {rate:.0} orders/s");
        Figure::time_beside("webhooks", case, "beside two that answer", &times)
    });
    let [median, p99] = held;
    figures.extend([median.with_points(beside.points()), p99]);
    Ok(figures)
}

/// Other endpoints that are told the same, and where they are.
struct Others(Vec<(Uuid, Receiver)>);

impl Others {
    async fn add_to(endpoints: &Endpoints, replies: [Reply; 2]) -> anyhow::Result<Self> {
        let mut others = Vec::new();
        for reply in replies {
            let receiver = Receiver::start(reply)?;
            others.push((endpoints.add(&receiver.url, PLACED).await?, receiver));
        }
        Ok(Self(others))
    }

    /// Waits until nothing of them is left that others could have to wait for.
    async fn remove_from(self, endpoints: &Endpoints) -> anyhow::Result<()> {
        for (id, receiver) in self.0 {
            let asked = receiver.count.load(Ordering::Relaxed);
            endpoints.remove(id).await?;
            // What hangs is cut off.
            receiver.stop().await;
            ensure!(asked > 0, "another endpoint was not asked");
        }
        endpoints.settled().await
    }
}

/// How long each order took from when it was due until its receiver knew of it.
async fn placed(whole: &Whole, receiver: &Receiver, load: Load) -> anyhow::Result<Latencies> {
    let orders = Arc::<Mutex<Vec<_>>>::default();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client {
            connection: Connection::open(&whole.commands.address).await?,
            key: whole.key.as_str().into(),
            orders: Arc::clone(&orders),
        });
    }
    load::open(clients, Schedule::steady(load.rate), load.time).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let took = {
            let orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
            receiver.took(&orders)
        };
        if let Some(took) = took {
            return Latencies::of(took);
        }
        ensure!(Instant::now() < deadline, "an order was not told of");
        sleep(Duration::from_millis(50)).await;
    }
}

/// One connection that places orders, and notes which, and when each was due.
struct Client {
    connection: Connection,
    key: Arc<str>,
    orders: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl load::Client for Client {
    async fn next(&mut self, due: Instant) -> anyhow::Result<bool> {
        let request = format!(
            "POST /v1/orders HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
             idempotency-key: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{ORDER}",
            self.key,
            clock::new_id(),
            ORDER.len()
        );
        let placed = self.connection.send(request.as_bytes()).await?;
        ensure!(placed.status == 201, "placed: {}", placed.status);
        let order = (order_id(&placed.body)?, due);
        let orders = self.orders.lock();
        orders.unwrap_or_else(PoisonError::into_inner).push(order);
        Ok(true)
    }
}
