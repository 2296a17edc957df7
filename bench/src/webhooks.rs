//! Row `webhooks`: deliveries to receivers on this machine, beside a client that
//! sends the same bodies to the same receiver and does nothing else; and how soon
//! an order that was placed is told of.

use crate::{
    http::{ORDER, order_id},
    http_client::Connection,
    load::{self, Latencies, Schedule, p50_p99},
    process::Process,
    row::Figure,
    whole::Whole,
    workload::per_second,
};
use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use infra::{
    clock,
    config::Config,
    postgres,
    sealing::MasterKey,
    secret::Secret,
    webhooks::{self, NewMessage, Terms, WebhookSecret},
};
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

/// Messages that are written in one transaction, as a consumer's batch.
const BATCH: usize = 500;
/// Requests at once: of the endpoint, and of the yardstick.
const AT_ONCE: usize = 64;
/// Clients that place orders.
const CLIENTS: u32 = 64;
const PATIENCE: Duration = Duration::from_mins(5);

/// A backlog of deliveries, then orders at a fixed rate.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let mut config = config.clone();
    config.webhook_networks = ["127.0.0.0/8"].into_iter().collect();
    let whole = Whole::start(&config, folder).await?;
    config.command_url = format!("http://{}", whole.commands.address);
    config.api_key = Secret::new(whole.key.clone());
    let worker = Process::start(&config, "worker", folder).await?;
    let ops = postgres::pool(&config.ops_url, 4)?;
    let key = MasterKey::from_config(&config)?;
    let receiver = Receiver::start()?;
    let (rounds, count) = if quick { (1, 2_000) } else { (3, 20_000) };
    let backlog = endpoint(&ops, &key, &receiver.url, "ping").await?;
    let mut measured = Vec::new();
    for _ in 0..rounds {
        let ours = deliveries(&ops, backlog, &receiver, count).await?;
        measured.push((ours, bare(&receiver, count).await?));
    }
    let case = format!("{count} deliveries, 64 at once");
    let yardstick = "bare client";
    let mut figures = vec![Figure::of(
        "webhooks",
        case,
        "deliveries/s",
        yardstick,
        None,
        &measured,
    )];
    endpoint(&ops, &key, &receiver.url, "order.placed").await?;
    let (rate, time) = (if quick { 50.0 } else { 200.0 }, if quick { 2 } else { 20 });
    let took = placed(&whole, &receiver, rate, Duration::from_secs(time)).await?;
    figures.extend(p50_p99(&took, "webhooks", |name| {
        format!("place to delivered: {name} at {rate:.0} orders/s")
    }));
    let case = "worker, highest".to_owned();
    let memory = Figure::memory(case, worker.highest_mib()?, None);
    figures.push(memory.with_points(worker.memory_over_time()));
    receiver.handle.stop(false).await;
    Ok(figures)
}

async fn endpoint(
    ops: &PgPool,
    key: &MasterKey,
    url: &str,
    event_type: &str,
) -> anyhow::Result<Uuid> {
    let terms = Terms {
        url: url.to_owned(),
        description: None,
        event_types: vec![event_type.to_owned()],
        platform: None,
        ordered: false,
        imported: false,
        concurrency: i32::try_from(AT_ONCE)?,
    };
    let id = clock::new_id();
    webhooks::create(ops, (id, b""), &terms, (key, &WebhookSecret::random())).await?;
    Ok(id)
}

/// Deliveries a second, from the first request to the last conclusion.
async fn deliveries(
    ops: &PgPool,
    endpoint: Uuid,
    receiver: &Receiver,
    count: usize,
) -> anyhow::Result<f64> {
    // Nothing is sent before all of them are there.
    rest(ops, endpoint, true).await?;
    let messages: Vec<NewMessage> = (0..count).map(|_| message()).collect();
    for batch in messages.chunks(BATCH) {
        let mut transaction = ops.begin().await?;
        let of: Vec<_> = (0..batch.len()).map(|n| (n, endpoint)).collect();
        webhooks::deliver(&mut transaction, batch, &of).await?;
        transaction.commit().await?;
    }
    receiver.count.store(0, Ordering::Relaxed);
    rest(ops, endpoint, false).await?;
    let deadline = Instant::now() + PATIENCE;
    let wait = async |done: &dyn Fn(usize) -> bool| {
        while !done(receiver.count.load(Ordering::Relaxed)) {
            ensure!(Instant::now() < deadline, "deliveries take too long");
            sleep(Duration::from_millis(2)).await;
        }
        anyhow::Ok(())
    };
    wait(&|sent| sent > 0).await?;
    let began = Instant::now();
    wait(&|sent| sent >= count).await?;
    let pending = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'";
    while sqlx::query_scalar::<_, i64>(pending).fetch_one(ops).await? > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(per_second(u64::try_from(count)?, began.elapsed()))
}

/// Whether the endpoint is left alone.
async fn rest(ops: &PgPool, endpoint: Uuid, rests: bool) -> anyhow::Result<()> {
    sqlx::query(
        "UPDATE webhook_endpoints SET rests_until = CASE WHEN $2 THEN statement_timestamp() + interval '1 hour' END \
          WHERE id = $1",
    )
    .bind(endpoint)
    .bind(rests)
    .execute(ops)
    .await?;
    Ok(())
}

/// As large as that of an order of three lines.
fn message() -> NewMessage {
    let order = clock::new_id();
    NewMessage {
        id: clock::new_id(),
        event_type: "ping".to_owned(),
        order_id: Some(order),
        order_version: Some(1),
        body: format!(
            r#"{{"type":"order.placed","timestamp":"2026-01-01T00:00:00Z","data":{{"order_id":"{order}","order_version":1,"placed":{ORDER}}}}}"#
        ),
        traceparent: None,
        correlation_id: None,
    }
}

/// Requests a second of a client that has all bodies in memory.
async fn bare(receiver: &Receiver, count: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::new();
    let bodies: Vec<String> = (0..count).map(|_| message().body).collect();
    let began = Instant::now();
    let sent = stream::iter(bodies).map(|body| {
        let request = client
            .post(&receiver.url)
            .header("content-type", "application/json")
            .body(body);
        async move { request.send().await?.error_for_status()?.bytes().await }
    });
    let mut sent = sent.buffer_unordered(AT_ONCE);
    while let Some(answer) = sent.next().await {
        answer?;
    }
    Ok(per_second(u64::try_from(count)?, began.elapsed()))
}

/// How long each order took from when it was due until its receiver knew of it.
async fn placed(
    whole: &Whole,
    receiver: &Receiver,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Latencies> {
    let orders = Arc::<Mutex<Vec<_>>>::default();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client {
            connection: Connection::open(&whole.commands.address).await?,
            key: whole.key.as_str().into(),
            orders: Arc::clone(&orders),
        });
    }
    load::open(clients, Schedule::steady(rate), time).await?;
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

/// Counts requests, and notes when an order was first told of.
struct Receiver {
    url: String,
    count: Arc<AtomicUsize>,
    told: Arc<Mutex<BTreeMap<String, Instant>>>,
    handle: ServerHandle,
}

impl Receiver {
    /// How long each order took; none where one is still to be told of.
    fn took(&self, orders: &[(String, Instant)]) -> Option<Vec<Duration>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let took = orders
            .iter()
            .map(|(order, due)| Some(told.get(order)?.saturating_duration_since(*due)));
        took.collect()
    }

    fn start() -> anyhow::Result<Self> {
        let count = Arc::<AtomicUsize>::default();
        let told = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let (counts, tells) = (count.clone(), told.clone());
        let application = move || {
            let (count, told) = (counts.clone(), tells.clone());
            App::new().default_service(web::to(move |body: web::Bytes| {
                count.fetch_add(1, Ordering::Relaxed);
                if let Ok(order) = order_id(&body) {
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    told.entry(order).or_insert_with(Instant::now);
                }
                async { HttpResponse::Ok().finish() }
            }))
        };
        let server = HttpServer::new(application)
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")?;
        let address = server.addrs().first().copied().context("no address")?;
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            url: format!("http://{address}/"),
            count,
            told,
            handle,
        })
    }
}
