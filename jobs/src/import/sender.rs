//! Orders over HTTP, some in a request, tried until there is an answer for each
//! that says what became of it.

use super::answer::{Answer, Attempt};
use super::item::Verdict;
use super::{ImportError, Settings};
use crate::http::{Problem, asked_pause, cause, client, system_url};
use infra::retry::RetryPolicy;
use reqwest::{Client, Url, header::CONTENT_TYPE};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// An order to send.
pub(super) struct ToSend {
    /// Its number.
    pub invoice: String,
    /// The same in every import.
    pub key: String,
    /// JSON on one line.
    pub body: Vec<u8>,
}

impl ToSend {
    /// The line of a bulk request that imports it.
    fn line(&self, lines: &mut Vec<u8>) {
        // A key is visible ASCII: what it has to be escaped for is these two.
        let key = self.key.replace('\\', "\\\\").replace('"', "\\\"");
        lines.extend_from_slice(br#"{"op":"import_order","key":""#);
        lines.extend_from_slice(key.as_bytes());
        lines.extend_from_slice(br#"","body":"#);
        lines.extend_from_slice(&self.body);
        lines.extend_from_slice(b"}\n");
    }
}

/// What became of an order; an error ends the import.
pub(super) type Sent = Result<Verdict, ImportError>;

/// Sends orders to one system.
pub(super) struct Sender {
    client: Client,
    url: Url,
    retry: RetryPolicy,
    retries: AtomicU64,
}

impl Sender {
    /// A sender with a pool of kept-alive connections.
    pub fn new(settings: &Settings) -> Result<Self, ImportError> {
        let url = bulk_url(&settings.url, settings.dry_run)?;
        let client = client(&url, Some(&settings.api_key))
            .map_err(|_| ImportError::ApiKey)?
            .user_agent(concat!("orderlog-import/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            client: client.build().map_err(ImportError::Client)?,
            url,
            retry: settings.retry,
            retries: AtomicU64::new(0),
        })
    }

    /// How many requests had to be repeated until now, as a whole or in part.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Sends orders until each is stored or refused; what became of them, in
    /// their order. Once `halt` is cancelled no further attempt begins.
    pub async fn send(&self, orders: &[ToSend], halt: &CancellationToken) -> Vec<Sent> {
        let mut sent: Vec<Option<Sent>> = orders.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..orders.len()).collect();
        let (mut begun, mut attempts) = (Instant::now(), 0);
        while !open.is_empty() && !halt.is_cancelled() {
            attempts += 1;
            let Again { last, asked } = self.attempt(orders, &open, &mut sent).await;
            let before = open.len();
            open.retain(|at| sent[*at].is_none());
            let is_over = sent.iter().flatten().any(Result::is_err);
            let Some(first) = open.first().filter(|_| !is_over) else {
                break;
            };
            if open.len() < before {
                begun = Instant::now();
            }
            let pause = self.retry.pause(&orders[*first].key, attempts, asked);
            if begun.elapsed() + pause > self.retry.give_up_after {
                sent[*first] = Some(Err(ImportError::Unreachable {
                    invoice: orders[*first].invoice.clone(),
                    last,
                    attempts,
                    elapsed: begun.elapsed(),
                }));
                break;
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(orders = open.len(), attempts, reason = last, "import.retry");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = halt.cancelled() => {}
            }
        }
        let not_sent = |sent: Option<Sent>| sent.unwrap_or(Ok(Verdict::NotSent));
        sent.into_iter().map(not_sent).collect()
    }

    /// Sends those at these places once, and notes what is certain.
    async fn attempt(&self, orders: &[ToSend], open: &[usize], sent: &mut [Option<Sent>]) -> Again {
        let mut lines = Vec::new();
        for at in open {
            orders[*at].line(&mut lines);
        }
        let request = self.client.post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "application/x-ndjson");
        let response = match request.body(lines).send().await {
            Ok(response) => response,
            Err(error) if error.is_builder() => {
                sent[open[0]] = Some(Err(ImportError::Client(error)));
                return Again::default();
            }
            Err(error) => return Again::because(cause(&error)),
        };
        let (status, asked) = (response.status(), asked_pause(&response));
        if !status.is_success() {
            let text = response.bytes().await.unwrap_or_default();
            let problem = Problem::read(&text);
            return match status.as_u16() {
                408 | 425 | 429 | 500..=599 => Again {
                    last: problem.told(status),
                    asked,
                },
                401 | 403 => {
                    sent[open[0]] = Some(Err(ImportError::NotAuthorised {
                        status: status.as_u16(),
                        detail: problem.told(status),
                    }));
                    Again::default()
                }
                _ => {
                    sent[open[0]] = Some(Err(self.unexpected(status.as_u16(), problem.detail)));
                    Again::default()
                }
            };
        }
        self.read(response, open, sent).await
    }

    /// Reads results as far as they come: each stands for itself.
    async fn read(
        &self,
        mut response: reqwest::Response,
        open: &[usize],
        sent: &mut [Option<Sent>],
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
            let Some(answer) = line.strip_suffix(b"\n").and_then(Answer::read) else {
                continue;
            };
            let place = usize::try_from(answer.line).ok();
            let place = place.and_then(|line| open.get(line.checked_sub(1)?));
            match (place, answer.attempt()) {
                (Some(at), Attempt::Done(verdict)) => sent[*at] = Some(Ok(verdict)),
                (Some(at), Attempt::Unexpected(status, detail)) => {
                    sent[*at] = Some(Err(self.unexpected(status, detail)));
                }
                (_, Attempt::Again(last, asked)) => {
                    again.last = last;
                    again.asked = again.asked.max(asked);
                }
                (None, _) => {}
            }
        }
        again
    }

    fn unexpected(&self, status: u16, detail: String) -> ImportError {
        ImportError::Unexpected {
            url: self.url.to_string(),
            status,
            detail,
        }
    }
}

/// Why what is open is sent again, and how long the server asks to be left
/// alone.
#[derive(Default)]
struct Again {
    last: String,
    asked: Option<Duration>,
}

impl Again {
    const fn because(last: String) -> Self {
        Self { last, asked: None }
    }
}

fn bulk_url(base: &str, dry_run: bool) -> Result<Url, ImportError> {
    let query = if dry_run { "?dry_run=true" } else { "" };
    let url = format!("{}/v1/bulk{query}", base.trim_end_matches('/'));
    system_url(&url).ok_or_else(|| ImportError::Url {
        url: base.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_are_systems() {
        let url = bulk_url("http://127.0.0.1:8080/", false).expect("valid");
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/v1/bulk");
        for wrong in ["127.0.0.1:8080", "file:///tmp", "", "localhost:1"] {
            assert!(bulk_url(wrong, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn whatever_the_key_the_line_is_json() {
        let order = ToSend {
            invoice: String::new(),
            key: r#"import:p:a\"b"#.into(),
            body: b"{}".to_vec(),
        };
        let mut line = Vec::new();
        order.line(&mut line);
        let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        assert_eq!(line["key"], order.key);
        assert_eq!(line["op"], "import_order");
    }
}
