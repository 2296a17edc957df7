//! Requests to endpoints: where they may go, how long they may take, what is
//! kept of the answer.

use crate::http::{asked_pause, cause};
use futures_util::FutureExt as _;
use infra::{
    clock,
    webhooks::{Attempt, Due, Forbidden, Guard, WebhookSecret, message_id},
};
use reqwest::{
    Client, Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::lookup_host, sync::OnceCell};

/// How long an endpoint may take to answer (Standard Webhooks: 15 to 30 s).
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long its body may take.
const BODY_TIME: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read; the rest is nobody's concern.
const ANSWER: usize = 2_000;
/// Idle connections that are kept for each endpoint.
const IDLE_CONNECTIONS: usize = 4;
const USER_AGENT: &str = concat!("orderlog-webhooks/", env!("CARGO_PKG_VERSION"));

/// Sends requests.
#[derive(Clone)]
pub struct Sender {
    guard: Arc<Guard>,
    plain: Client,
    /// Made when the first endpoint needs it: a machine without any root
    /// certificate can still be sent to over plain HTTP.
    tls: Arc<OnceCell<Client>>,
}

/// Nothing can be sent.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be made")]
pub struct SenderError(#[from] reqwest::Error);

/// How a request went.
#[derive(Debug)]
pub struct Sent {
    /// What is kept of it.
    pub attempt: Attempt,
    /// How long the endpoint asks to be left alone.
    pub asked: Option<Duration>,
}

impl Sent {
    /// Whether it was answered 2xx.
    pub fn is_delivered(&self) -> bool {
        self.attempt.error.is_none()
    }
}

impl Sender {
    /// Requests that go nowhere but where `guard` lets them.
    pub fn new(guard: Guard) -> Result<Self, SenderError> {
        let guard = Arc::new(guard);
        let plain = builder(&guard).tls_certs_only([]).build()?;
        Ok(Self {
            guard,
            plain,
            tls: Arc::default(),
        })
    }

    /// Sends one request, signed by each of the secrets, and waits for its answer.
    pub async fn send(&self, url: &str, secrets: &[WebhookSecret], due: &Due) -> Sent {
        let (at, began) = (clock::now(), Instant::now());
        let answer = self.answer(url, secrets, due, at);
        let answered = tokio::time::timeout(TIMEOUT, answer).await;
        let took = began.elapsed();
        let mut sent = Sent {
            attempt: Attempt {
                at,
                duration_ms: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
                status: None,
                error: None,
                answer: None,
            },
            asked: None,
        };
        match answered {
            Ok(Ok(answer)) => {
                sent.attempt.status = Some(answer.status.as_u16().into());
                sent.attempt.error = refusal(answer.status);
                sent.attempt.answer = answer.body;
                sent.asked = answer.asked;
            }
            Ok(Err(error)) => sent.attempt.error = Some(error),
            Err(_) => {
                let seconds = TIMEOUT.as_secs();
                sent.attempt.error = Some(format!("no answer within {seconds} s"));
            }
        }
        sent
    }

    async fn answer(
        &self,
        url: &str,
        secrets: &[WebhookSecret],
        due: &Due,
        at: time::OffsetDateTime,
    ) -> Result<Answer, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        self.check_literal(&url)
            .map_err(|error| error.to_string())?;
        let client = self.client(&url).await.map_err(|error| cause(&error))?;
        let id = message_id(due.message_id);
        let timestamp = at.unix_timestamp();
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| secret.sign(&id, timestamp, &due.body))
            .collect();
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signatures.join(" "))
            .body(due.body.clone());
        if let Some(traceparent) = &due.traceparent {
            request = request.header("traceparent", traceparent);
        }
        let response = request.send().await.map_err(|error| cause(&error))?;
        let (status, asked) = (response.status(), asked_pause(&response));
        // It has answered; what it says beside that is not waited for.
        let body = tokio::time::timeout(BODY_TIME, beginning(response)).await;
        let body = body.unwrap_or_default();
        Ok(Answer {
            status,
            asked,
            body,
        })
    }

    /// A host that is an address is not resolved, so it is checked here. The
    /// URL's parser has brought all ways to write one into one form.
    fn check_literal(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.parse()
            .map_or(Ok(()), |address| self.guard.check(address))
    }

    async fn client(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        if url.scheme() == "http" {
            return Ok(&self.plain);
        }
        let made = self
            .tls
            .get_or_try_init(|| async { builder(&self.guard).build() });
        made.await
    }
}

struct Answer {
    status: StatusCode,
    asked: Option<Duration>,
    body: Option<String>,
}

/// Why a status is none of success.
fn refusal(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    Some(if status.is_redirection() {
        format!("answered {status}: redirects are not followed")
    } else {
        format!("answered {status}")
    })
}

/// The beginning of an answer, as text; none where there is nothing. One that
/// breaks off has been answered all the same.
async fn beginning(mut response: Response) -> Option<String> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(ANSWER);
    let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}

fn builder(guard: &Arc<Guard>) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would connect to whatever it is told.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .dns_resolver(Arc::new(Checked(guard.clone())))
}

/// Resolves names to addresses that may be connected to. What is connected to
/// is what was checked: nothing is resolved in between.
struct Checked(Arc<Guard>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        async move {
            // The port is the URL's.
            let found: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                guard.check(address.ip())?;
            }
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        }
        .boxed()
    }
}
