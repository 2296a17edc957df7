//! One request to an API.

use super::{answer, answer::Answer};
use crate::failure::Failure;
use reqwest::{
    RequestBuilder,
    header::{CONTENT_TYPE, IF_MATCH},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error as _, fmt, time::Duration};

/// How long a stream may go on: a day is as good as for ever.
const LONGEST: Duration = Duration::from_hours(24);

/// A request that is being put together; nothing is sent before [`Request::send`] or
/// what is made from it.
#[derive(Debug)]
#[must_use = "nothing is sent yet"]
pub struct Request {
    /// None where its path has no place in a URL.
    builder: Option<RequestBuilder>,
    query: Vec<(String, String)>,
    head_only: bool,
}

impl Request {
    /// `head_only`: whoever it is for has sent a HEAD.
    pub(super) fn new(builder: RequestBuilder, head_only: bool) -> Self {
        Self {
            builder: Some(builder),
            query: Vec::new(),
            head_only,
        }
    }

    /// One that is refused before it is sent: nothing can be where it would lead.
    pub(super) fn of_nothing() -> Self {
        Self {
            builder: None,
            query: Vec::new(),
            head_only: false,
        }
    }

    /// Whether nothing but the head of an answer is of use.
    pub(super) fn head_only(&self) -> bool {
        self.head_only
    }

    fn with(mut self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        self.builder = self.builder.map(change);
        self
    }

    /// Adds a parameter of the query.
    pub fn param(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds one where there is a value.
    pub fn optional(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.param(name, value),
            None => self,
        }
    }

    /// Adds several.
    pub fn params<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut this = self;
        for (name, value) in pairs {
            this = this.param(name, value);
        }
        this
    }

    /// Sends JSON.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// Sends bytes of a kind, such as a file that was uploaded.
    pub fn body(self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.with(|request| request.header(CONTENT_TYPE, kind).body(body))
    }

    /// Only if the order is in this version: else the API refuses it with 412.
    pub fn if_match(self, version: i64) -> Self {
        self.with(|request| request.header(IF_MATCH, format!("\"{version}\"")))
    }

    /// Once, however often it is sent.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with(|request| request.header("Idempotency-Key", key))
    }

    /// Waits so many seconds at most for the freshness that was asked for, by
    /// `min_version` or `min_position`.
    pub fn wait(self, seconds: u8) -> Self {
        self.with(|request| request.header("Prefer", format!("wait={seconds}")))
    }

    /// Any other header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Sends it, and reads the answer to its end.
    ///
    /// # Errors
    /// The API is away, or has refused.
    pub async fn send(self) -> Result<Answer, Failure> {
        let response = answer::accepted(self.started().await?).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| away(&error))?;
        Ok(Answer::new(status, headers, body))
    }

    /// Sends it, and reads the answer as JSON.
    ///
    /// # Errors
    /// The API is away, has refused, or has said something else.
    pub async fn read<T: DeserializeOwned>(self) -> Result<T, Failure> {
        self.send().await?.read()
    }

    /// Sends it; the answer's head has come.
    pub(super) async fn started(self) -> Result<reqwest::Response, Failure> {
        let builder = self.builder.ok_or_else(|| {
            let what = "Neither dots alone nor control characters name anything";
            Failure::Form(what.to_owned())
        })?;
        let (client, request) = builder.build_split();
        let mut request = request.map_err(|error| away(&error))?;
        if !self.query.is_empty() {
            let mut pairs = request.url_mut().query_pairs_mut();
            pairs.extend_pairs(&self.query);
        }
        client.execute(request).await.map_err(|error| away(&error))
    }

    /// As long as it takes: for streams.
    pub(super) fn without_end(self) -> Self {
        self.with(|request| request.timeout(LONGEST))
    }
}

/// Why there is no answer: the innermost reason, which tells no URL.
pub(super) fn away(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    Failure::Away {
        late: error.is_timeout(),
        cause: cause.map_or_else(|| "no answer".to_owned(), ToString::to_string),
    }
}
