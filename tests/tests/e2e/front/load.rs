//! Clients of the front, all the time. What is answered 503 with `Retry-After`
//! they send again, and nothing else.

use crate::read_api::live::Stream;
use anyhow::{Context as _, Result, bail, ensure};
use infra::clock;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tests::{Answer, Api, wait_until};
use tokio::task::JoinSet;

/// Clients whose commands have keys, whose commands have none, and that only read.
const KEYED: usize = 5;
const KEYLESS: usize = 2;
const READERS: usize = 3;

/// What clients were told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Orders that were placed: the mark of each, and its id.
    pub placed: BTreeMap<String, String>,
    /// Marks of orders that may have been placed or not: they had no key.
    pub unknown: Vec<String>,
    /// Answers in all.
    pub answers: usize,
    /// Of them, those after which the client came again.
    pub refused: usize,
    /// What the log's stream told: order and version.
    pub events: Vec<(String, i64)>,
    /// How often the stream was opened.
    pub streams: usize,
}

struct Shared {
    api: Api,
    told: Mutex<Told>,
    stop: AtomicBool,
}

/// Running clients, and one that follows the log.
pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<Result<()>>,
    follower: JoinSet<Result<()>>,
}

impl Load {
    pub fn start(api: Api) -> Self {
        let shared = Arc::new(Shared {
            api,
            told: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let mut clients = JoinSet::new();
        for client in 0..KEYED {
            clients.spawn(order_with_keys(Arc::clone(&shared), client));
        }
        for client in 0..KEYLESS {
            clients.spawn(order_without_keys(Arc::clone(&shared), client));
        }
        for client in 0..READERS {
            clients.spawn(read(Arc::clone(&shared), client));
        }
        clients.spawn(look(Arc::clone(&shared)));
        let mut follower = JoinSet::new();
        follower.spawn(follow(Arc::clone(&shared)));
        Self {
            shared,
            clients,
            follower,
        }
    }

    /// Waits until so many more orders were placed. Fails as soon as a client was
    /// answered otherwise than it should be.
    pub async fn places(&mut self, more: usize) -> Result<()> {
        let goal = self.shared.told().placed.len() + more;
        wait_until("orders to be placed", async || {
            for tasks in [&mut self.clients, &mut self.follower] {
                // None ends by itself but with an error.
                if let Some(ended) = tasks.try_join_next() {
                    ended??;
                }
            }
            Ok((self.shared.told().placed.len() >= goal).then_some(()))
        })
        .await
    }

    /// Ends all but the follower; each gets its last answer.
    pub async fn end(&mut self) -> Result<()> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Waits until the follower was told so many events; what all were told.
    pub async fn told(mut self, events: usize) -> Result<Told> {
        wait_until("the stream to tell every event", async || {
            if let Some(ended) = self.follower.try_join_next() {
                ended??;
            }
            Ok((self.shared.told().events.len() >= events).then_some(()))
        })
        .await?;
        Ok(self.shared.told().clone())
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Sends a request until it is not told to come again.
    async fn send(&self, request: impl Fn(&Api) -> RequestBuilder) -> Result<Response> {
        loop {
            let response = request(&self.api).send().await?;
            self.told().answers += 1;
            let again = response.headers().get(RETRY_AFTER);
            let again = again.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            match again {
                Some(seconds) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    self.told().refused += 1;
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                _ => return Ok(response),
            }
        }
    }

    async fn ask(&self, request: impl Fn(&Api) -> RequestBuilder) -> Result<Answer> {
        let response = self.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            headers,
            json: serde_json::from_slice(&body)?,
        })
    }

    /// Takes down that an order was placed; its id.
    fn placed(&self, mark: &str, answer: Answer) -> Result<String> {
        let id = answer.expect(201)?.json["order_id"].take();
        let id = id.as_str().context("no id")?.to_owned();
        let other = self.told().placed.insert(mark.to_owned(), id.clone());
        ensure!(other.is_none(), "{mark} was placed twice");
        Ok(id)
    }
}

/// An order that is known again by its mark. It has no external id, so nothing
/// but its key keeps it from being placed twice.
fn order(mark: &str) -> Value {
    json!({
        "platform": "web", "currency": "GBP", "tags": [mark],
        "customer": {"name": "Ada", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 255}],
    })
}

/// Places an order, notes something on it, and reads what has been written.
async fn order_with_keys(shared: Arc<Shared>, client: usize) -> Result<()> {
    let command = async |path: &str, body: &Value| {
        let key = clock::new_id().to_string();
        let answer = shared.ask(|api| {
            let request = api.request(Method::POST, path).json(body);
            request.header("Idempotency-Key", &key)
        });
        answer.await.with_context(|| format!("POST {path}"))
    };
    for number in 0.. {
        if !shared.goes_on() {
            break;
        }
        let mark = format!("keyed-{client}-{number}");
        let id = shared.placed(&mark, command("/v1/orders", &order(&mark)).await?)?;
        let note = json!({"text": "ring twice"});
        let noted = command(&format!("/v1/orders/{id}/notes"), &note).await?;
        let version = noted.expect(200)?.json["version"].take();
        let path = format!("/v1/orders/{id}?min_version={version}");
        let read = shared.ask(|api| {
            let request = api.request(Method::GET, &path);
            request.header("Prefer", "wait=20, handling=strict")
        });
        let read = read.await.with_context(|| format!("GET {path}"))?;
        let read = read.expect(200)?.json;
        let new = read["version"].as_i64() >= version.as_i64();
        ensure!(read["id"] == *id && new, "{path}: {read}");
    }
    Ok(())
}

/// Places orders that nobody may send twice.
async fn order_without_keys(shared: Arc<Shared>, client: usize) -> Result<()> {
    for number in 0.. {
        if !shared.goes_on() {
            break;
        }
        let mark = format!("keyless-{client}-{number}");
        let body = order(&mark);
        let answer = shared.ask(|api| api.request(Method::POST, "/v1/orders").json(&body));
        let answer = answer.await.context("POST without a key")?;
        if answer.status == StatusCode::BAD_GATEWAY {
            let answer = answer.expect_problem(502, "outcome_unknown")?;
            ensure!(answer.header("retry-after").is_empty());
            shared.told().unknown.push(mark);
        } else {
            shared.placed(&mark, answer)?;
        }
    }
    Ok(())
}

/// Reads lists and figures. Their answers are of one piece: nothing can be said
/// again once half of it was.
async fn read(shared: Arc<Shared>, client: usize) -> Result<()> {
    const PATHS: [&str; 3] = [
        "/v1/orders?limit=3",
        "/v1/orders?limit=2&status=placed&sort=-total",
        "/v1/statistics/orders?interval=day",
    ];
    for number in client.. {
        if !shared.goes_on() {
            break;
        }
        let path = PATHS[number % PATHS.len()];
        let answer = shared.ask(|api| api.request(Method::GET, path)).await;
        let answer = answer.with_context(|| format!("GET {path}"))?.expect(200)?;
        ensure!(answer.json["data"].is_array(), "{path}: {}", answer.json);
    }
    Ok(())
}

/// Looks at the console, as somebody does who is to sign in.
async fn look(shared: Arc<Shared>) -> Result<()> {
    while shared.goes_on() {
        let page = shared.send(|api| api.request(Method::GET, "/console/sign-in"));
        let page = page.await.context("GET /console/sign-in")?;
        ensure!(page.status() == StatusCode::OK, "a page: {}", page.status());
        let text = page.text().await.context("GET /console/sign-in")?;
        ensure!(text.contains("API key"), "{text}");
    }
    Ok(())
}

/// Follows the log from its beginning: where its stream ends, or is cut off, it
/// comes again with its place.
async fn follow(shared: Arc<Shared>) -> Result<()> {
    let mut place: Option<String> = None;
    loop {
        let stream = shared.send(|api| {
            let request = api.request(Method::GET, "/v1/events/stream?after=beginning");
            match &place {
                Some(place) => request.header("Last-Event-ID", place),
                None => request,
            }
        });
        let stream = stream.await.context("GET /v1/events/stream")?;
        let mut stream = Stream::of(stream, place.as_deref()).await?;
        shared.told().streams += 1;
        while let Ok(Some(block)) = stream.told().await {
            let event = block.data.context("no data")?;
            let (Some(order), Some(version)) =
                (event["subject"].as_str(), event["sequence"].as_i64())
            else {
                bail!("an event of no order: {event}");
            };
            shared.told().events.push((order.to_owned(), version));
        }
        place = stream.last_id;
    }
}
