//! The read API over HTTP, as jobs ask it.

use crate::http::{
    Problem, SetUpError, asked_pause, below, cause, is_passing, named_client, system_url,
};
use infra::{
    jobs::JobError, lifecycle::error_chain, retry::RetryPolicy, secret::Secret, tls::Authorities,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system cannot be called as configured.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// It may be answered a moment later.
    #[error("the read API does not answer: {why}")]
    Away {
        /// What happened.
        why: String,
        /// How long it asks to be left alone.
        asked: Option<Duration>,
    },
    /// It is there, and will not answer this.
    #[error("{path} at `read_url` answers HTTP {status}: {detail}")]
    Refused {
        /// What was asked.
        path: String,
        /// What it answered.
        status: StatusCode,
        /// What it said.
        detail: String,
    },
    /// Nobody waits for it any more.
    #[error("it was told to end")]
    Halted,
}

impl ReadError {
    /// Whether the question is at fault, and another one may be answered.
    pub fn is_of_the_question(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::BAD_REQUEST)
    }
}

impl From<ReadError> for JobError {
    fn from(error: ReadError) -> Self {
        let why = error_chain(&error);
        match error {
            ReadError::Away {
                asked: Some(asked), ..
            } => Self::retry_after(why, asked),
            // A key may be being changed.
            ReadError::Refused {
                status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
                ..
            }
            | ReadError::Away { .. }
            | ReadError::Halted => Self::retry(why),
            _ => Self::permanent(why),
        }
    }
}

/// Asks one read API.
pub struct ReadClient {
    http: Client,
    base: Url,
    retry: RetryPolicy,
}

impl ReadClient {
    /// A client of the system at `base`, with a pool of kept-alive connections.
    pub fn new(
        base: &str,
        key: &Secret,
        retry: RetryPolicy,
        trusted: &Authorities,
    ) -> Result<Self, ReadError> {
        let url = system_url(base).ok_or_else(|| SetUpError::Url(base.to_owned()))?;
        Ok(Self {
            http: named_client(&url, key.reveal(), "orderlog-worker", trusted)?,
            base: url,
            retry,
        })
    }

    /// GET of a path with its parameters, encoded as they are to be sent.
    pub fn get(&self, question: &str) -> RequestBuilder {
        self.http.get(self.url(question))
    }

    /// POST of JSON.
    pub fn post(&self, question: &str, body: String) -> RequestBuilder {
        self.http.post(self.url(question)).body(body)
    }

    /// Asks once.
    pub async fn ask(&self, request: RequestBuilder) -> Result<Response, ReadError> {
        let response = request.send().await.map_err(|error| away(&error))?;
        let (status, asked) = (response.status(), asked_pause(&response));
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let path = response.url().path().to_owned();
        let text = response.bytes().await.unwrap_or_default();
        let detail = Problem::read(&text).told(status);
        Err(if is_passing(status.as_u16()) {
            ReadError::Away { why: detail, asked }
        } else {
            ReadError::Refused {
                path,
                status,
                detail,
            }
        })
    }

    /// Asks until there is an answer, for as long as the retries last; once `halt` is
    /// cancelled no further attempt begins.
    pub async fn patiently<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
        halt: &CancellationToken,
    ) -> Result<T, ReadError> {
        let (begun, mut attempts) = (Instant::now(), 0);
        loop {
            if halt.is_cancelled() {
                return Err(ReadError::Halted);
            }
            attempts += 1;
            let (why, asked) = match self.read(request()).await {
                Err(ReadError::Away { why, asked }) => (why, asked),
                certain => return certain,
            };
            let pause = self.retry.pause(&why, attempts, asked);
            if begun.elapsed() + pause > self.retry.give_up_after {
                return Err(ReadError::Away { why, asked });
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = halt.cancelled() => {}
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ReadError> {
        let response = self.ask(request).await?;
        let (path, status) = (response.url().path().to_owned(), response.status());
        let body = response.bytes().await.map_err(|error| away(&error))?;
        serde_json::from_slice(&body).map_err(|error| ReadError::Refused {
            path,
            status,
            detail: error.to_string(),
        })
    }

    fn url(&self, question: &str) -> Url {
        let (path, query) = match question.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (question, None),
        };
        let mut url = below(&self.base, path);
        url.set_query(query);
        url
    }
}

fn away(error: &reqwest::Error) -> ReadError {
    ReadError::Away {
        why: cause(error),
        asked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_below_the_url_as_it_is_written() {
        let (key, trusted) = (Secret::new("k"), Authorities::default());
        let client = |base| ReadClient::new(base, &key, RetryPolicy::default(), &trusted);
        for (base, url) in [
            ("http://h:1", "http://h:1/v1/a?b=%2C&c=x"),
            ("http://h:1/below/", "http://h:1/below/v1/a?b=%2C&c=x"),
        ] {
            let client = client(base).expect("a URL");
            assert_eq!(client.url("/v1/a?b=%2C&c=x").as_str(), url);
            assert!(client.url("/v1/a").query().is_none());
        }
        assert!(matches!(
            client("h:1").err(),
            Some(ReadError::SetUp(SetUpError::Url(_)))
        ));
    }

    #[test]
    fn what_another_attempt_may_change_is_tried_again_and_the_rest_is_not() {
        let refused = |status| ReadError::Refused {
            path: "/v1/orders".into(),
            status,
            detail: "no".into(),
        };
        assert!(refused(StatusCode::BAD_REQUEST).is_of_the_question());
        assert!(!refused(StatusCode::NOT_FOUND).is_of_the_question());
        for (status, again) in [
            (StatusCode::UNAUTHORIZED, true),
            // Something else answers there.
            (StatusCode::NOT_FOUND, false),
        ] {
            let error = JobError::from(refused(status));
            assert_eq!(matches!(error, JobError::Retry { .. }), again, "{status}");
        }
        let asked = Some(Duration::from_secs(7));
        let why = String::new();
        let error = JobError::from(ReadError::Away { why, asked });
        assert!(matches!(error, JobError::Retry { after, .. } if after == asked));
    }
}
