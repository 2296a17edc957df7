//! What an API has answered.

use super::request::away;
use crate::failure::{Failure, Refusal, SignedOut};
use actix_web::web::Bytes;
use infra::http::ProblemDocument;
use reqwest::{
    Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::de::DeserializeOwned;

/// An answer that is no refusal, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON of this shape.
    ///
    /// # Errors
    /// It has another one.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::other_shape::<T>(&error))
    }
}

/// The answer, unless it is a refusal.
pub(super) async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(Failure::SignedOut(SignedOut::KeyRefused));
    }
    let waits = response.headers().get(RETRY_AFTER);
    let retry_after = waits.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.bytes().await.map_err(|error| away(&error))?;
    let problem = serde_json::from_slice(&body).unwrap_or_else(|_| unexplained(status));
    Err(Failure::Refused(Box::new(Refusal {
        problem,
        retry_after,
    })))
}

/// Something between here and the API has refused.
fn unexplained(status: StatusCode) -> ProblemDocument {
    let title = status.canonical_reason().unwrap_or("Refused");
    ProblemDocument {
        problem_type: "about:blank".to_owned(),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: None,
        instance: None,
        code: "unexplained".to_owned(),
        trace_id: None,
        errors: Vec::new(),
        extensions: serde_json::Map::new(),
    }
}
