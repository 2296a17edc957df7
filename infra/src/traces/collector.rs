//! The HTTP client that spans are sent with: that of everything else, so that
//! there is one TLS provider.

use super::TracesError;
use crate::{lifecycle::error_chain, tls::Authorities};
use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Client, redirect::Policy};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const CONNECT_TIME: Duration = Duration::from_secs(3);

/// What a collector has said that its exporter keeps to itself. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Said>>);

/// Of one batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Why it was not reached.
    pub unreached: Option<String>,
    /// Spans that it did not take, though it took the batch.
    pub rejected: u64,
}

impl Heard {
    /// What was said since it was last asked.
    pub fn take(&self) -> Said {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, said: Said) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }
}

/// `ExportTraceServiceResponse` of OTLP, as far as it matters.
#[derive(Clone, PartialEq, prost::Message)]
struct Taken {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

/// `ExportTracePartialSuccess`.
#[derive(Clone, PartialEq, prost::Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected_spans: i64,
}

/// A collector, as it is asked.
#[derive(Debug)]
pub struct Collector {
    client: Client,
    heard: Heard,
}

impl Collector {
    /// A client of it, with a time for each request.
    pub fn new(time: Duration, trusted: &Authorities) -> Result<(Self, Heard), TracesError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(time)
            // The headers are meant for the address that was told.
            .redirect(Policy::none());
        let client = trusted.trusted_by(client)?.build()?;
        let heard = Heard::default();
        let collector = Self {
            client,
            heard: heard.clone(),
        };
        Ok((collector, heard))
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let answer = self.client.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(answer.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        match self.send(request).await {
            Ok(response) => {
                self.heard.note(Said {
                    unreached: None,
                    rejected: rejected(response.body()),
                });
                Ok(response)
            }
            Err(error) => {
                self.heard.note(Said {
                    unreached: Some(error_chain(&error)),
                    rejected: 0,
                });
                Err(error.into())
            }
        }
    }
}

/// How many spans an answer says were not taken.
fn rejected(answer: &[u8]) -> u64 {
    let taken = <Taken as prost::Message>::decode(answer).unwrap_or_default();
    let rejected = taken.partial.map_or(0, |partial| partial.rejected_spans);
    u64::try_from(rejected).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_say_that_spans_were_not_taken() {
        assert_eq!(rejected(b""), 0);
        // partial_success { rejected_spans: 3, error_message: "no" }
        assert_eq!(rejected(b"\x0a\x06\x08\x03\x12\x02no"), 3);
        assert_eq!(rejected(b"<html>"), 0);
    }
}
