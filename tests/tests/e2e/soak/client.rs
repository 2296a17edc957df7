//! A client that comes again where it is told to, or where it was told nothing, and
//! after nothing else.

use super::{
    fleet::Fleet,
    tally::{Answered, Tally},
};
use crate::chaos::clients::Told;
use anyhow::{Context as _, Result, ensure};
use infra::clock;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);
/// How long a command comes again before that is a failure.
const COMMAND: Duration = Duration::from_mins(1);
/// The same of a read, which waits for more servers and roles than a command.
const READ: Duration = Duration::from_mins(2);
/// After this long whoever got no answer at all comes again.
const UNTOLD: Duration = Duration::from_millis(250);

/// Shared by all who ask. Each try is at the other one of two instances.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    http: reqwest::Client,
    key: String,
    commands: Vec<String>,
    queries: Vec<String>,
    turn: AtomicUsize,
    tally: Mutex<Tally>,
    /// Commands about orders that were answered.
    told: Mutex<Vec<Told>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    pub fn of(fleet: &Fleet<'_>) -> Self {
        Self(Arc::new(Shared {
            http: reqwest::Client::new(),
            key: fleet.key.clone(),
            commands: fleet.urls("command-api"),
            queries: fleet.urls("read-api"),
            turn: AtomicUsize::new(0),
            tally: Mutex::default(),
            told: Mutex::default(),
        }))
    }

    /// GET from a read API, which has to succeed.
    pub async fn get(&self, kind: &'static str, path: &str) -> Result<Reply> {
        let request = |http: &reqwest::Client, url: &str| {
            let request = http.request(Method::GET, format!("{url}{path}"));
            request.header("Prefer", "wait=2, handling=strict")
        };
        let answered = self.until_answered(kind, READ, &self.0.queries, request);
        let reply = answered.await.with_context(|| format!("GET {path}"))?;
        reply.expect(200, &format!("GET {path}"))
    }

    /// POST to a command API under a key of its own, which has to succeed.
    pub async fn post(&self, kind: &'static str, path: &str, body: &Value) -> Result<Value> {
        let key = clock::new_id().to_string();
        self.post_under(kind, path, &key, body).await
    }

    /// The same of a command about an order, which is noted as one that has to be in
    /// the log.
    pub async fn command(&self, kind: &'static str, path: &str, body: &Value) -> Result<Value> {
        let key = clock::new_id().to_string();
        let answer = self.post_under(kind, path, &key, body).await?;
        let version = answer["version"].as_i64();
        self.0.told().push(Told {
            route: format!("POST {path}"),
            version: Some(version.with_context(|| format!("no version: {answer}"))?),
            key,
        });
        Ok(answer)
    }

    async fn post_under(
        &self,
        kind: &'static str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value> {
        let request = |http: &reqwest::Client, url: &str| {
            let request = http.request(Method::POST, format!("{url}{path}"));
            request.header("Idempotency-Key", key).json(body)
        };
        let answered = self.until_answered(kind, COMMAND, &self.0.commands, request);
        let reply = answered.await.with_context(|| format!("POST {path}"))?;
        ensure!(
            reply.status.is_success(),
            "POST {path} of a client that did nothing wrong: {} {}",
            reply.status,
            reply.text()
        );
        reply.json()
    }

    /// Every command that was answered.
    pub fn told(&self) -> Vec<Told> {
        self.0.told().clone()
    }

    /// What was asked, how often, and how long it took.
    pub fn table(&self) -> Result<String> {
        self.0.tally().table()
    }

    /// Sends a request until it is answered otherwise than to come again.
    async fn until_answered(
        &self,
        kind: &'static str,
        patience: Duration,
        urls: &[String],
        request: impl Fn(&reqwest::Client, &str) -> RequestBuilder,
    ) -> Result<Reply> {
        let shared = &*self.0;
        let mut turn = shared.turn.fetch_add(1, Ordering::Relaxed);
        let (began, mut tries) = (Instant::now(), 0);
        loop {
            tries += 1;
            let request = request(&shared.http, &urls[turn % urls.len()]);
            let request = request.bearer_auth(&shared.key).timeout(TRY);
            let (pause, why) = match sent(request).await {
                Ok(reply) => match reply.pause() {
                    None => {
                        let took = began.elapsed();
                        shared.tally().note(kind, Answered { tries, took });
                        return Ok(reply);
                    }
                    Some(pause) => (pause, format!("{} {}", reply.status, reply.text())),
                },
                // A read changes nothing, and a command has its key.
                Err(error) => (UNTOLD, format!("{:#}", anyhow::Error::new(error))),
            };
            ensure!(
                began.elapsed() < patience,
                "{kind} came again for {} s, {tries} times; at last: {why}",
                patience.as_secs()
            );
            sleep(pause).await;
            turn += 1;
        }
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, Vec<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sent(request: RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    Ok(Reply {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
    })
}

impl Reply {
    /// After which time it asks the client to come again: 503 and 429 with
    /// `Retry-After`, and nothing else.
    fn pause(&self) -> Option<Duration> {
        let again = [
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if !again.contains(&self.status) {
            return None;
        }
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        seconds.parse().ok().map(Duration::from_secs)
    }

    /// Itself, if it has this status.
    fn expect(self, status: u16, what: &str) -> Result<Self> {
        ensure!(
            self.status.as_u16() == status,
            "{what} of a client that did nothing wrong: {} {}",
            self.status,
            self.text()
        );
        Ok(self)
    }

    /// Its body.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| self.text())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
