//! One order over HTTP, tried until there is an answer that says what became
//! of it.

use super::item::{Reason, Verdict};
use super::retry::{RetryPolicy, retry_after};
use super::{ImportError, Settings};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use serde::Deserialize;
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Conflicts that say nothing about the order itself: another writer was
/// quicker, and the same request decides anew.
const PASSING_CONFLICTS: &[&str] = &["contended"];

/// Sends orders to one system.
pub(super) struct Sender {
    client: Client,
    url: Url,
    retry: RetryPolicy,
    retries: AtomicU64,
}

/// What one attempt came to.
enum Attempt {
    Done(Verdict),
    /// Nothing certain; the server may have said when to come back.
    Again(String, Option<Duration>),
}

/// The members of `application/problem+json` that a report needs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    code: String,
    errors: Vec<FieldError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldError {
    pointer: String,
    detail: String,
}

impl Sender {
    /// A sender with a pool of kept-alive connections, one for each request in
    /// flight.
    pub fn new(settings: &Settings) -> Result<Self, ImportError> {
        let url = import_url(&settings.url)?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", settings.api_key))
            .map_err(|_| ImportError::ApiKey)?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = [(AUTHORIZATION, bearer), (CONTENT_TYPE, json)];
        let mut client = Client::builder()
            .user_agent(concat!("orderlog-import/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter(headers))
            .pool_max_idle_per_host(settings.concurrency)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(ATTEMPT_TIMEOUT);
        if url.scheme() == "http" {
            // Loading the system's root certificates fails where there are
            // none, which is no reason not to speak plain HTTP.
            client = client.tls_certs_only([]);
        }
        if is_loopback(&url) {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build().map_err(ImportError::Client)?,
            url,
            retry: settings.retry,
            retries: AtomicU64::new(0),
        })
    }

    /// How many attempts had to be repeated until now.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Sends one order until it is stored or refused. Once `halt` is
    /// cancelled no further attempt begins.
    pub async fn send(
        &self,
        invoice: &str,
        key: &str,
        body: &[u8],
        halt: &CancellationToken,
    ) -> Result<Verdict, ImportError> {
        let (begun, mut attempts) = (Instant::now(), 0);
        while !halt.is_cancelled() {
            attempts += 1;
            let (last, asked) = match self.attempt(key, body.to_vec()).await? {
                Attempt::Done(verdict) => return Ok(verdict),
                Attempt::Again(reason, asked) => (reason, asked),
            };
            let pause = self.retry.pause(key, attempts, asked);
            if begun.elapsed() + pause > self.retry.give_up_after {
                return Err(ImportError::Unreachable {
                    invoice: invoice.to_owned(),
                    last,
                    attempts,
                    elapsed: begun.elapsed(),
                });
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(invoice, attempts, reason = last, "import.retry");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = halt.cancelled() => {}
            }
        }
        Ok(Verdict::NotSent)
    }

    async fn attempt(&self, key: &str, body: Vec<u8>) -> Result<Attempt, ImportError> {
        let request = self
            .client
            .post(self.url.clone())
            .header("idempotency-key", key);
        match request.body(body).send().await {
            Ok(response) => self.answer(response).await,
            Err(error) if error.is_builder() => Err(ImportError::Client(error)),
            Err(error) => Ok(Attempt::Again(cause(&error), None)),
        }
    }

    async fn answer(&self, response: Response) -> Result<Attempt, ImportError> {
        let status = response.status();
        let replayed = response
            .headers()
            .get("idempotent-replayed")
            .is_some_and(|v| v == "true");
        let asked = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok());
        let asked = asked.and_then(|v| retry_after(v, infra::clock::now()));
        // The status is the answer, but only a body read to its end leaves
        // the connection free for the next order.
        let text = match response.bytes().await {
            Ok(text) => text,
            Err(error) => return Ok(Attempt::Again(cause(&error), None)),
        };
        if status.is_success() {
            let created = status == StatusCode::CREATED && !replayed;
            let verdict = if created {
                Verdict::Created
            } else {
                Verdict::AlreadyThere
            };
            return Ok(Attempt::Done(verdict));
        }
        let problem: Problem = serde_json::from_slice(&text).unwrap_or_default();
        let passing = PASSING_CONFLICTS.contains(&problem.code.as_str());
        match status.as_u16() {
            409 if passing => Ok(Attempt::Again(problem.told(status), asked)),
            408 | 425 | 429 | 500..=599 => Ok(Attempt::Again(problem.told(status), asked)),
            401 | 403 => Err(ImportError::NotAuthorised {
                status: status.as_u16(),
                detail: problem.told(status),
            }),
            400 | 409 | 413 | 422 => Ok(Attempt::Done(Verdict::Refused(problem.reason(status)))),
            _ => Err(ImportError::Unexpected {
                url: self.url.to_string(),
                status: status.as_u16(),
                detail: problem.detail,
            }),
        }
    }
}

impl Problem {
    fn reason(self, status: StatusCode) -> Reason {
        let detail = self.told(status);
        let code = match self.code {
            code if code.is_empty() => format!("http_{}", status.as_u16()),
            code => code,
        };
        Reason {
            code: code.into(),
            detail,
        }
    }

    /// What it says, in one line.
    fn told(&self, status: StatusCode) -> String {
        let what = match (self.detail.as_str(), self.title.as_str()) {
            ("", "") => format!("HTTP {status}"),
            ("", title) => title.to_owned(),
            (detail, _) => detail.to_owned(),
        };
        let field = |error: &FieldError| match error {
            // A problem of one field says the same in both places.
            FieldError { pointer, detail } if *detail == what => pointer.clone(),
            FieldError { pointer, detail } => format!("{pointer}: {detail}"),
        };
        let fields: Vec<String> = self.errors.iter().map(field).collect();
        match fields[..] {
            [] => what,
            _ => format!("{what} ({})", fields.join("; ")),
        }
    }
}

fn import_url(base: &str) -> Result<Url, ImportError> {
    let wrong = || ImportError::Url {
        url: base.to_owned(),
    };
    let url = format!("{}/v1/orders/import", base.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// This machine is never behind a proxy.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// The innermost reason of a failed request, without the URL.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_are_systems() {
        let url = import_url("http://127.0.0.1:8080/").expect("valid");
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/v1/orders/import");
        for wrong in ["127.0.0.1:8080", "file:///tmp", "", "localhost:1"] {
            assert!(import_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn loopback_is_not_proxied() {
        let loopback = |u: &str| is_loopback(&import_url(u).expect("valid"));
        assert!(loopback("http://localhost:1") && loopback("http://[::1]:1"));
        assert!(loopback("http://127.0.0.1") && !loopback("http://orders.example"));
    }

    #[test]
    fn a_problem_is_told_in_one_line_without_repetition() {
        let problem: Problem = serde_json::from_value(serde_json::json!({
            "title": "a line is wrong", "code": "wrong",
            "errors": [
                {"pointer": "/lines/0", "detail": "a line is wrong"},
                {"pointer": "/currency", "detail": "unknown"},
            ],
        }))
        .expect("a problem");
        let reason = problem.reason(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            reason.detail,
            "a line is wrong (/lines/0; /currency: unknown)"
        );
    }

    #[test]
    fn a_problem_without_code_is_named_by_its_status() {
        let reason = Problem::default().reason(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(reason.code, "http_413");
        assert_eq!(reason.detail, "HTTP 413 Payload Too Large");
    }
}
