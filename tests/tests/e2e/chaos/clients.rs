//! Clients that place orders and label them, whatever happens.

use anyhow::{Context as _, Result, ensure};
use infra::clock;
use reqwest::{Method, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::{Api, TestEnv, wait_until};
use tokio::task::JoinSet;
use uuid::Uuid;

const CLIENTS: usize = 12;
/// After so long a command counts as not answered.
const PATIENCE: Duration = Duration::from_secs(8);

/// A command, and what was said of it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The key that it was sent under.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// The order's version that it was answered with, where it was answered as
    /// done.
    pub version: Option<i64>,
}

/// What all clients share.
struct Shared {
    addresses: Arc<Mutex<Vec<String>>>,
    told: Mutex<Vec<Told>>,
    done: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

/// Running clients.
pub struct Clients {
    shared: Arc<Shared>,
    tasks: JoinSet<Result<()>>,
}

impl Clients {
    /// Starts them; each asks any of `addresses`.
    pub async fn start(env: &TestEnv, addresses: Arc<Mutex<Vec<String>>>) -> Result<Self> {
        let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
        let made: Value = serde_json::from_str(&made)?;
        let secret = made["secret"].as_str().context("no secret")?.to_owned();
        let shared = Arc::new(Shared {
            addresses,
            told: Mutex::default(),
            done: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            tasks.spawn(run(number, secret.clone(), Arc::clone(&shared)));
        }
        Ok(Self { shared, tasks })
    }

    /// Waits until so many more commands are done.
    pub async fn are_answered(&mut self, more: usize) -> Result<()> {
        self.count("answered", more, |shared| &shared.done).await
    }

    /// Waits until so many more commands are refused, to be tried again.
    pub async fn are_refused(&mut self, more: usize) -> Result<()> {
        self.count("refused", more, |shared| &shared.refused).await
    }

    async fn count(
        &mut self,
        what: &str,
        more: usize,
        counter: fn(&Shared) -> &AtomicUsize,
    ) -> Result<()> {
        let count = counter(&self.shared);
        let goal = count.load(Ordering::Relaxed) + more;
        let tasks = &mut self.tasks;
        wait_until(&format!("commands to be {what}"), async || {
            // None ends before it is told to, but with an error.
            if let Some(ended) = tasks.try_join_next() {
                ended??;
            }
            Ok((count.load(Ordering::Relaxed) >= goal).then_some(()))
        })
        .await
    }

    /// Ends them; what they were told.
    pub async fn stop(mut self) -> Result<Vec<Told>> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        let told = self
            .shared
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(told.clone())
    }
}

async fn run(number: usize, secret: String, shared: Arc<Shared>) -> Result<()> {
    let mut turn = number;
    while !shared.stop.load(Ordering::Relaxed) {
        let order = json!({
            "platform": "web", "currency": "GBP",
            "customer": {"name": "Ada", "email": "ada@example.com"},
            "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 255}],
        });
        let placed = command(&shared, &secret, &mut turn, "/v1/orders", &order).await?;
        let Some(id) = placed
            .as_ref()
            .and_then(|answer| answer["order_id"].as_str())
        else {
            continue;
        };
        for payment in 0..3 {
            let path = format!("/v1/orders/{id}/payments");
            let body = json!({"amount": 50 + payment});
            command(&shared, &secret, &mut turn, &path, &body).await?;
        }
    }
    Ok(())
}

/// One command. Every other one is repeated under its key until it is
/// answered, at any process; the rest is tried once, and its caller never
/// knows.
async fn command(
    shared: &Shared,
    secret: &str,
    turn: &mut usize,
    path: &str,
    body: &Value,
) -> Result<Option<Value>> {
    let key = clock::new_id().to_string();
    let mut told = Told {
        route: format!("POST {path}"),
        version: None,
        key,
    };
    let stubborn = Uuid::parse_str(&told.key)?.as_u128() % 2 == 0;
    let mut answer = None;
    loop {
        *turn += 1;
        let address = {
            let addresses = shared
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            addresses[*turn % addresses.len()].clone()
        };
        let request = Api::with_key(&address, secret)
            .request(Method::POST, path)
            .json(body)
            .header("Idempotency-Key", &told.key)
            .timeout(PATIENCE);
        if let Ok(response) = request.send().await {
            let status = response.status();
            let again = response.headers().contains_key(RETRY_AFTER);
            let json: Option<Value> = response.json().await.ok();
            let refused = status == StatusCode::SERVICE_UNAVAILABLE && again;
            ensure!(
                status.is_success() || refused,
                "{status} of a command that nothing is wrong with: {json:?}"
            );
            shared
                .refused
                .fetch_add(usize::from(refused), Ordering::Relaxed);
            answer = json.filter(|_| status.is_success());
            let version = answer.as_ref().map(|answer| answer["version"].as_i64());
            told.version = version.map(|n| n.context("no version")).transpose()?;
        }
        if told.version.is_some() || !stubborn || shared.stop.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if told.version.is_some() {
        shared.done.fetch_add(1, Ordering::Relaxed);
    }
    let mut all = shared.told.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(told);
    Ok(answer)
}
