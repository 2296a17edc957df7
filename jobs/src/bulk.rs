//! `POST /v1/bulk` as its clients use it: lines are sent, some in a request, until
//! there is an answer for each that says what became of it.

use crate::http::{
    PASSING_CONFLICTS, Problem, SetUpError, asked_pause, cause, is_passing, named_client,
    system_url,
};
use infra::{api_keys::Scopes, http::NARROWED_TO, retry::RetryPolicy, tls::Authorities};
use reqwest::{Client, RequestBuilder, StatusCode, Url, header::CONTENT_TYPE};
use serde::Deserialize;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A line to send.
pub trait BulkLine {
    /// Spreads pauses.
    fn key(&self) -> &str;
    /// Adds it, and its break.
    fn write(&self, lines: &mut Vec<u8>);
}

/// What a bulk request says of a line.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Of which line it tells; 0 for the trailer.
    #[serde(default)]
    pub line: u64,
    /// Status of the answer.
    #[serde(default)]
    pub status: u16,
    /// Whether it was carried out before.
    #[serde(default)]
    pub replayed: bool,
    /// Seconds after which to come back.
    pub retry_after: Option<u64>,
    /// Why it was not carried out.
    pub problem: Option<Problem>,
}

impl Answer {
    /// The answer that a line is; none for what is none of a line of ours, the
    /// trailer among it.
    pub fn read(line: &[u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(line).ok()?;
        (answer.line > 0).then_some(answer)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// Whether it was carried out, now or before.
    pub fn succeeded(&self) -> bool {
        self.problem.is_none() && self.status().is_success()
    }

    /// Why nothing is certain, and when the server wants to be asked again; none
    /// where something is.
    pub fn again(&self) -> Option<(String, Option<Duration>)> {
        let code = self.problem.as_ref().map(|problem| problem.code.as_str());
        let again = match self.status {
            409 => code.is_some_and(|code| PASSING_CONFLICTS.contains(&code)),
            status => is_passing(status) || status == 424,
        };
        again.then(|| {
            let told = self.problem.as_ref().map(|p| p.told(self.status()));
            let told = told.unwrap_or_else(|| format!("HTTP {}", self.status()));
            (told, self.retry_after.map(Duration::from_secs))
        })
    }
}

/// What an attempt came to.
pub enum Attempt<T> {
    /// Something that is certain.
    Done(T),
    /// Nothing certain; the server may have said when to come back.
    Again(String, Option<Duration>),
    /// Nothing that an order system says.
    Unexpected(u16, String),
}

/// Why lines have no answer.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The system cannot be called as configured.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// The system is there and refuses the caller.
    #[error("the system refuses the API key (HTTP {status}): {detail}")]
    NotAuthorised {
        /// 401 or 403.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// Something answers that is not such a system.
    #[error("{url} does not answer as an order system does: HTTP {status} {detail}")]
    Unexpected {
        /// What was called.
        url: String,
        /// What it answered.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// The system stayed away for longer than the retries last.
    #[error("the system does not answer: {last} (tried {attempts} times in {elapsed:.0?})")]
    Unreachable {
        /// Why the last attempt failed.
        last: String,
        /// How often it was tried.
        attempts: u32,
        /// For how long.
        elapsed: Duration,
    },
}

/// What became of lines, in their order.
pub struct Sent<T> {
    /// Of each; none where nobody knows.
    pub told: Vec<Option<T>>,
    /// Why nobody does, and which line was the first of those.
    pub failed: Option<(usize, BulkError)>,
}

/// How lines are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct How {
    /// Everything is decided and nothing stored.
    pub dry_run: bool,
    /// Platforms of imported orders are made where there are none.
    pub create_platforms: bool,
}

/// Sends lines to one system.
pub struct BulkClient {
    client: Client,
    url: Url,
    /// What lines may do; none: all that the key may.
    scopes: Option<String>,
    /// The trace that they belong to.
    traceparent: Option<String>,
    retry: RetryPolicy,
    retries: AtomicU64,
}

impl BulkClient {
    /// A client of the system at `base` with a pool of kept-alive connections,
    /// which calls itself `agent`.
    pub fn new(
        (base, api_key): (&str, &str),
        how: How,
        agent: &str,
        retry: RetryPolicy,
        trusted: &Authorities,
    ) -> Result<Self, BulkError> {
        let url = bulk_url(base, how)?;
        Ok(Self {
            client: named_client(&url, api_key, agent, trusted)?,
            url,
            scopes: None,
            traceparent: None,
            retry,
            retries: AtomicU64::new(0),
        })
    }

    /// The same for somebody: lines may do no more than these scopes allow, and
    /// belong to this trace.
    pub fn on_behalf(&self, scopes: &Scopes, traceparent: Option<&str>) -> Self {
        Self {
            client: self.client.clone(),
            url: self.url.clone(),
            scopes: scopes.named().map(|scopes| scopes.join(" ")),
            traceparent: traceparent.map(str::to_owned),
            retry: self.retry,
            retries: AtomicU64::new(0),
        }
    }

    /// How many requests had to be repeated until now, as a whole or in part.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// A request whose body is yet to be said.
    pub fn request(&self) -> RequestBuilder {
        let mut request = self.client.post(self.url.clone());
        request = request.header(CONTENT_TYPE, "application/x-ndjson");
        for (name, value) in [
            (NARROWED_TO, &self.scopes),
            ("traceparent", &self.traceparent),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }

    /// Sends lines until `read` says of each what became of it, by its place, its
    /// answer and the text of that. Those about one order are carried out in
    /// their order, however often they are sent. Once `halt` is cancelled no
    /// further attempt begins.
    pub async fn send<L: BulkLine, T>(
        &self,
        lines: &[L],
        read: impl Fn(usize, Answer, &[u8]) -> Attempt<T>,
        halt: &CancellationToken,
    ) -> Sent<T> {
        let mut sent = Sent {
            told: lines.iter().map(|_| None).collect(),
            failed: None,
        };
        let mut open: Vec<usize> = (0..lines.len()).collect();
        let (mut begun, mut attempts) = (Instant::now(), 0);
        while !open.is_empty() && !halt.is_cancelled() {
            attempts += 1;
            let Again { last, asked } = self.attempt(lines, &open, &read, &mut sent).await;
            let before = open.len();
            open.retain(|at| sent.told[*at].is_none());
            let Some(first) = open.first().filter(|_| sent.failed.is_none()) else {
                break;
            };
            if open.len() < before {
                begun = Instant::now();
            }
            let pause = self.retry.pause(lines[*first].key(), attempts, asked);
            if begun.elapsed() + pause > self.retry.give_up_after {
                let elapsed = begun.elapsed();
                let error = BulkError::Unreachable {
                    last,
                    attempts,
                    elapsed,
                };
                sent.failed = Some((*first, error));
                break;
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(lines = open.len(), attempts, reason = last, "bulk.retry");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = halt.cancelled() => {}
            }
        }
        sent
    }

    /// Sends those at these places once, and notes what is certain.
    async fn attempt<L: BulkLine, T>(
        &self,
        lines: &[L],
        open: &[usize],
        read: &impl Fn(usize, Answer, &[u8]) -> Attempt<T>,
        sent: &mut Sent<T>,
    ) -> Again {
        let mut text = Vec::new();
        for at in open {
            lines[*at].write(&mut text);
        }
        let response = match self.request().body(text).send().await {
            Ok(response) => response,
            Err(error) if error.is_builder() => {
                sent.failed = Some((open[0], SetUpError::Client(error).into()));
                return Again::default();
            }
            Err(error) => return Again::because(cause(&error)),
        };
        match self.accepted(response).await {
            Ok(response) => self.read(response, open, read, sent).await,
            Err(Refused::Passing(again)) => again,
            Err(Refused::Failed(error)) => {
                sent.failed = Some((open[0], error));
                Again::default()
            }
        }
    }

    /// The answer of a request that was accepted as a whole.
    pub async fn accepted(
        &self,
        response: reqwest::Response,
    ) -> Result<reqwest::Response, Refused> {
        let (status, asked) = (response.status(), asked_pause(&response));
        if status.is_success() {
            return Ok(response);
        }
        let text = response.bytes().await.unwrap_or_default();
        let problem = Problem::read(&text);
        let code = status.as_u16();
        Err(match code {
            _ if is_passing(code) => Refused::Passing(Again {
                last: problem.told(status),
                asked,
            }),
            401 | 403 => Refused::Failed(BulkError::NotAuthorised {
                status: code,
                detail: problem.told(status),
            }),
            _ => Refused::Failed(self.unexpected(code, problem.detail)),
        })
    }

    /// Reads results as far as they come: each stands for itself.
    async fn read<T>(
        &self,
        mut response: reqwest::Response,
        open: &[usize],
        read: &impl Fn(usize, Answer, &[u8]) -> Attempt<T>,
        sent: &mut Sent<T>,
    ) -> Again {
        let mut again = Again::because("the answer was cut off".to_owned());
        let mut text = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => text.extend_from_slice(&piece),
                Ok(None) => break,
                Err(error) => {
                    again.last = cause(&error);
                    break;
                }
            }
        }
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // Half a line says nothing.
            let line = line.strip_suffix(b"\n");
            let Some((line, answer)) = line.and_then(|line| Some((line, Answer::read(line)?)))
            else {
                continue;
            };
            let place = usize::try_from(answer.line).ok();
            let place = place.and_then(|line| open.get(line.checked_sub(1)?));
            let Some(&at) = place else { continue };
            match read(at, answer, line) {
                Attempt::Done(told) => sent.told[at] = Some(told),
                Attempt::Unexpected(status, detail) => {
                    let error = self.unexpected(status, detail);
                    sent.failed.get_or_insert((at, error));
                }
                Attempt::Again(last, asked) => {
                    again.last = last;
                    again.asked = again.asked.max(asked);
                }
            }
        }
        again
    }

    fn unexpected(&self, status: u16, detail: String) -> BulkError {
        BulkError::Unexpected {
            url: self.url.to_string(),
            status,
            detail,
        }
    }
}

/// Why a request was not accepted.
pub enum Refused {
    /// It may be a moment later.
    Passing(Again),
    /// It will not be.
    Failed(BulkError),
}

/// Why what is open is sent again, and how long the server asks to be left
/// alone.
#[derive(Default)]
pub struct Again {
    /// Why.
    pub last: String,
    /// How long.
    pub asked: Option<Duration>,
}

impl Again {
    const fn because(last: String) -> Self {
        Self { last, asked: None }
    }
}

fn bulk_url(base: &str, how: How) -> Result<Url, SetUpError> {
    let query = match (how.dry_run, how.create_platforms) {
        (false, false) => "",
        (true, false) => "?dry_run=true",
        (false, true) => "?create_platforms=true",
        (true, true) => "?dry_run=true&create_platforms=true",
    };
    let url = format!("{}/v1/bulk{query}", base.trim_end_matches('/'));
    system_url(&url).ok_or_else(|| SetUpError::Url(base.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_are_systems() {
        let url = bulk_url("http://127.0.0.1:8080/", How::default()).expect("valid");
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/v1/bulk");
        for wrong in ["127.0.0.1:8080", "file:///tmp", "", "localhost:1"] {
            assert!(bulk_url(wrong, How::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_may_be_answered_otherwise_is_asked_again() {
        let again = |line: &str| Answer::read(line.as_bytes()).expect("an answer").again();
        let away = r#"{"line":2,"status":503,"retry_after":3,"problem":{"code":"unavailable"}}"#;
        let asked = again(away).and_then(|(_, asked)| asked);
        assert_eq!(asked, Some(Duration::from_secs(3)));
        for (line, passing) in [
            (r#"{"line":1,"status":201}"#, false),
            (
                r#"{"line":1,"status":409,"problem":{"code":"contended"}}"#,
                true,
            ),
            (
                r#"{"line":1,"status":409,"problem":{"code":"order_cancelled"}}"#,
                false,
            ),
            (
                r#"{"line":1,"status":424,"problem":{"code":"earlier_line_open"}}"#,
                true,
            ),
            (
                r#"{"line":1,"status":404,"problem":{"code":"order_not_found"}}"#,
                false,
            ),
        ] {
            assert_eq!(again(line).is_some(), passing, "{line}");
        }
        assert!(Answer::read(br#"{"trailer":{"lines":2}}"#).is_none());
    }
}
