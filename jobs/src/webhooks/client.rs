//! Requests to endpoints: where they may go, how long they may take, what is
//! kept of the answer.

use super::redact::redact;
use crate::http::{asked_pause, cause};
use futures_util::{FutureExt as _, future::BoxFuture};
use infra::{
    clock,
    traces::{Span, SpanKind},
    webhooks::{Attempt, Due, Guard, WebhookSecret, message_id},
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
use tokio::{net::lookup_host, sync::OnceCell, time::error::Elapsed};

/// How long an endpoint may take to answer (Standard Webhooks: 15 to 30 s).
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long its body may take.
const BODY_TIME: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read; the rest is nobody's concern.
const ANSWER: usize = 2_000;
/// Bytes of it that are read: what is cut off at their end is not looked at for
/// secrets, and not kept.
const READ: usize = 2 * ANSWER;
/// Idle connections that are kept for each endpoint.
const IDLE_CONNECTIONS: usize = 4;
const USER_AGENT: &str = concat!("orderlog-webhooks/", env!("CARGO_PKG_VERSION"));

/// What asks for the addresses of a name.
type Lookup = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Sends requests.
#[derive(Clone)]
pub struct Sender {
    checked: Checked,
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
        // The port is the URL's.
        Self::asking(guard, |name| {
            async move { Ok(lookup_host((name, 0)).await?.collect()) }.boxed()
        })
    }

    /// The same; `lookup` says which addresses a name has.
    fn asking(
        guard: Guard,
        lookup: impl Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, SenderError> {
        let checked = Checked {
            guard: Arc::new(guard),
            lookup: Arc::new(lookup),
        };
        let plain = builder(&checked).tls_certs_only([]).build()?;
        Ok(Self {
            checked,
            plain,
            tls: Arc::default(),
        })
    }

    /// Sends one request, signed by each of the secrets, and waits for its answer.
    pub async fn send(&self, url: &str, secrets: &[WebhookSecret], due: &Due) -> Sent {
        self.send_within(None, url, secrets, due).await
    }

    /// The same as part of a job, whose `traceparent` is `job`.
    pub async fn send_within(
        &self,
        job: Option<&str>,
        url: &str,
        secrets: &[WebhookSecret],
        due: &Due,
    ) -> Sent {
        let (at, began) = (clock::now(), Instant::now());
        let mut span = request_span(due, job);
        let answer = self.answer(url, secrets, due, (at, &span));
        let answered = tokio::time::timeout(TIMEOUT, answer).await;
        end_span(&mut span, &answered);
        drop(span);
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
        (at, span): (time::OffsetDateTime, &Span),
    ) -> Result<Answer, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        // A host that is an address is not resolved.
        self.checked
            .guard
            .check_url(&url)
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
        if let Some(traceparent) = span.traceparent().or_else(|| due.traceparent.clone()) {
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

    async fn client(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        if url.scheme() == "http" {
            return Ok(&self.plain);
        }
        let made = self
            .tls
            .get_or_try_init(|| async { builder(&self.checked).build() });
        made.await
    }
}

/// Of one attempt, in the trace of the command that is told of. Where it goes to
/// is somebody's secret: it is not in it.
fn request_span(due: &Due, job: Option<&str>) -> Span {
    let traceparent = due.traceparent.as_deref();
    let mut span = Span::within(traceparent, SpanKind::Client, || "POST webhook".into());
    if span.is_recorded() {
        span.set("http.request.method", "POST");
        if due.attempts > 0 {
            span.set("http.request.resend_count", i64::from(due.attempts));
        }
        if let Some(job) = job {
            span.link(job);
        }
    }
    span
}

fn end_span(span: &mut Span, answered: &Result<Result<Answer, String>, Elapsed>) {
    match answered {
        Ok(Ok(answer)) => {
            let status = answer.status.as_u16();
            span.set("http.response.status_code", i64::from(status));
            if !answer.status.is_success() {
                span.failed(status.to_string());
            }
        }
        Ok(Err(_)) => span.failed("unreachable"),
        Err(_) => span.failed("timeout"),
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
    while bytes.len() < READ {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(READ);
    let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
    let mut text = redact(&text);
    text.truncate(text.floor_char_boundary(ANSWER));
    (!text.is_empty()).then_some(text)
}

fn builder(checked: &Checked) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would connect to whatever it is told.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .dns_resolver(Arc::new(checked.clone()))
}

/// Resolves names to addresses that may be connected to. What is connected to
/// is what was checked: nothing is resolved in between.
#[derive(Clone)]
struct Checked {
    guard: Arc<Guard>,
    lookup: Arc<Lookup>,
}

/// Whoever reads it need not learn which addresses the name has.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public, nor in a network that is allowed")]
struct ForbiddenName;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, found) = (self.guard.clone(), (self.lookup)(name.as_str().to_owned()));
        async move {
            let found = found.await?;
            for address in &found {
                if let Err(error) = guard.check(address.ip()) {
                    tracing::info!(name = name.as_str(), %error, "webhook.forbidden");
                    return Err(ForbiddenName.into());
                }
            }
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context as _, Result, ensure};
    use std::{
        net::{IpAddr, Ipv4Addr},
        sync::atomic::{AtomicUsize, Ordering},
    };
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    fn due() -> Due {
        Due {
            id: clock::new_id(),
            message_id: clock::new_id(),
            attempts: 0,
            body: "{}".to_owned(),
            traceparent: None,
        }
    }

    /// A receiver on this machine that counts who connects.
    async fn receiver() -> Result<(u16, Arc<AtomicUsize>)> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        let (port, connected) = (listener.local_addr()?.port(), Arc::<AtomicUsize>::default());
        let count = connected.clone();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut request = Vec::new();
                connection.read_buf(&mut request).await.ok();
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                connection.write_all(answer).await.ok();
            }
        });
        Ok((port, connected))
    }

    fn leading_to(guard: Guard, addresses: Vec<IpAddr>) -> Result<Sender> {
        let found: Vec<SocketAddr> = addresses.into_iter().map(|ip| (ip, 0).into()).collect();
        let lookup = move |_| futures_util::future::ready(Ok(found.clone())).boxed();
        Ok(Sender::asking(guard, lookup)?)
    }

    async fn error_of(sender: &Sender, url: &str) -> Option<String> {
        sender.send(url, &[], &due()).await.attempt.error
    }

    #[tokio::test]
    async fn a_name_that_leads_to_an_address_that_is_not_public_is_refused() -> Result<()> {
        let (port, connected) = receiver().await?;
        let url = format!("http://hooks.example:{port}/");
        for address in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            let sender = leading_to(Guard::default(), vec![address.parse()?])?;
            let error = error_of(&sender, &url).await.context("it was sent")?;
            ensure!(error == ForbiddenName.to_string(), "{address}: {error}");
            ensure!(!error.contains(address), "{address} is told");
        }
        // One of several is enough.
        let both = vec!["93.184.215.14".parse()?, "127.0.0.1".parse()?];
        let sender = leading_to(Guard::default(), both)?;
        ensure!(error_of(&sender, &url).await == Some(ForbiddenName.to_string()));
        ensure!(connected.load(Ordering::Relaxed) == 0);
        Ok(())
    }

    /// Rebinding: what was checked is connected to, and each request is checked.
    #[tokio::test]
    async fn a_name_that_changes_is_connected_to_where_it_was_checked() -> Result<()> {
        let (port, connected) = receiver().await?;
        let guard = Guard::new(vec!["127.0.0.2/32".parse()?]);
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        let sender = Sender::asking(guard, move |_| {
            let last = if count.fetch_add(1, Ordering::Relaxed) == 0 {
                2
            } else {
                1
            };
            let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
            futures_util::future::ready(Ok(vec![address])).boxed()
        })?;
        let url = format!("http://hooks.example:{port}/");
        ensure!(error_of(&sender, &url).await.is_none());
        ensure!(asked.load(Ordering::Relaxed) == 1, "it was resolved twice");
        ensure!(error_of(&sender, &url).await == Some(ForbiddenName.to_string()));
        ensure!(connected.load(Ordering::Relaxed) == 1);
        Ok(())
    }
}
