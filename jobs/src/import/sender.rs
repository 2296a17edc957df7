//! One order over HTTP, tried until there is an answer that says what became
//! of it.

use super::item::{Reason, Verdict};
use super::{ImportError, Settings};
use crate::http::{PASSING_CONFLICTS, Problem, asked_pause, cause, client, system_url};
use infra::retry::RetryPolicy;
use reqwest::{Client, Response, StatusCode, Url};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

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

impl Sender {
    /// A sender with a pool of kept-alive connections, one for each request in
    /// flight.
    pub fn new(settings: &Settings) -> Result<Self, ImportError> {
        let url = import_url(&settings.url)?;
        let client = client(&url, Some(&settings.api_key))
            .map_err(|_| ImportError::ApiKey)?
            .user_agent(concat!("orderlog-import/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(settings.concurrency);
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
        let asked = asked_pause(&response);
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
        let problem = Problem::read(&text);
        let passing = PASSING_CONFLICTS.contains(&problem.code.as_str());
        match status.as_u16() {
            409 if passing => Ok(Attempt::Again(problem.told(status), asked)),
            408 | 425 | 429 | 500..=599 => Ok(Attempt::Again(problem.told(status), asked)),
            401 | 403 => Err(ImportError::NotAuthorised {
                status: status.as_u16(),
                detail: problem.told(status),
            }),
            400 | 409 | 413 | 422 => Ok(Attempt::Done(Verdict::Refused(reason(problem, status)))),
            _ => Err(ImportError::Unexpected {
                url: self.url.to_string(),
                status: status.as_u16(),
                detail: problem.detail,
            }),
        }
    }
}

fn reason(problem: Problem, status: StatusCode) -> Reason {
    let detail = problem.told(status);
    let code = match problem.code {
        code if code.is_empty() => format!("http_{}", status.as_u16()),
        code => code,
    };
    Reason {
        code: code.into(),
        detail,
    }
}

fn import_url(base: &str) -> Result<Url, ImportError> {
    let url = format!("{}/v1/orders/import", base.trim_end_matches('/'));
    system_url(&url).ok_or_else(|| ImportError::Url {
        url: base.to_owned(),
    })
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
    fn a_problem_without_code_is_named_by_its_status() {
        let reason = reason(Problem::default(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(reason.code, "http_413");
        assert_eq!(reason.detail, "HTTP 413 Payload Too Large");
    }
}
