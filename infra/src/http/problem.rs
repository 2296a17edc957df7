//! Errors as clients see them: problem details (RFC 9457).

use crate::{epoch::EpochError, log::MappingError, postgres};
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, error::Error, fmt};
use utoipa::ToSchema;

/// Media type of every error answer.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error answer. Handlers return it; the middleware adds where and in which
/// trace it happened.
///
/// `code` is stable and meant for programs, `title` says what it means in
/// general, `detail` what was wrong this time. Nothing in it may come from a
/// database or another server.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: Cow<'static, str>,
    detail: Option<String>,
    errors: Vec<ProblemError>,
    extensions: serde_json::Map<String, serde_json::Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// The body of an error answer (RFC 9457), with the members of this API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/refund_exceeds_captured", "title": "More than was captured cannot be refunded",
    "status": 409, "instance": "/v1/orders/01890a5d-ac96-774b-bcce-b302099a8057/refunds",
    "code": "refund_exceeds_captured", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "requested": 6000, "refundable": 4000
}))]
pub struct ProblemDocument {
    /// Where the kind of problem is described; relative to the API's origin.
    #[serde(rename = "type")]
    #[schema(example = "/problems/order_not_found")]
    pub problem_type: String,
    /// What kind of problem it is, for people.
    pub title: String,
    /// The HTTP status, again.
    #[schema(example = 404)]
    pub status: u16,
    /// What was wrong this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Path of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What kind of problem it is, for programs; never renamed.
    #[schema(example = "order_not_found")]
    pub code: String,
    /// Trace that the request belongs to (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Which parts of the request were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemError>,
    /// Further members, named by the kind of problem.
    #[serde(flatten)]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// One wrong part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ProblemError {
    /// The member of the body, as a JSON Pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/lines/0/quantity")]
    pub pointer: Option<String>,
    /// The query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// A problem of the kind `code`; see [`ProblemDocument`].
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            extensions: serde_json::Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// 400: the request is malformed.
    pub fn bad_request(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 401 with the challenge that RFC 6750 asks for.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "An API key is needed",
        )
        .detail("send a valid key as `Authorization: Bearer ol_…`")
        .header(WWW_AUTHENTICATE, "Bearer realm=\"orderlog\"")
    }

    /// 404: there is no such thing.
    pub fn not_found(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title)
    }

    /// 409: the state of the resource forbids it.
    pub fn conflict(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    /// 412: the order is not in the state that `If-Match` names. `current` is
    /// its version.
    pub fn precondition_failed(current: i64) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "The resource has changed since",
        )
        .with("version", current.into())
    }

    /// 422: understood, but a rule forbids it.
    pub fn unprocessable(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, title)
    }

    /// 503: a server behind this one is away; try again in `retry_after`
    /// seconds.
    pub fn unavailable(retry_after: u64) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available at the moment",
        )
        .retry_after(retry_after)
    }

    /// 503: the log must not be used until somebody has decided about it
    /// (`docs/ARCHITECTURE.md`, invariant 16).
    pub fn log_restored(error: &EpochError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "log_restored",
            "The log was restored from a backup, and nobody has decided what becomes of it",
        )
        .detail("an operator has to begin a new epoch: `orderlog epoch bump`")
        .retry_after(10)
        .caused_by(error)
    }

    /// 503: what the command is about has events that this release cannot read;
    /// another instance may be of the release that wrote them.
    pub fn newer_release(error: &MappingError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "newer_release",
            "A newer release has changed this, and this instance is of an older one",
        )
        .detail("try again: another instance may know what the newer release has stored")
        .retry_after(2)
        .caused_by(error)
    }

    /// 500: the cause goes to the log line of the request, never to the
    /// client.
    pub fn internal(error: impl Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here",
        )
        .caused_by(&error)
    }

    /// Why a statement failed: 503 where the database is away, otherwise 500.
    pub fn database(error: &sqlx::Error) -> Self {
        if postgres::is_cut_off(error) {
            Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "took_too_long",
                "The database would take too long for this",
            )
            .retry_after(5)
            .caused_by(error)
        } else if postgres::is_connection_error(error) || postgres::is_locked_out(error) {
            Self::unavailable(1).caused_by(error)
        } else {
            Self::internal(error)
        }
    }

    /// What was wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// A wrong member of the body; `pointer` is a JSON Pointer.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(ProblemError {
            pointer: Some(pointer.into()),
            detail: detail.into(),
            ..ProblemError::default()
        });
        self
    }

    /// A wrong query parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(ProblemError {
            parameter: Some(name.into()),
            detail: detail.into(),
            ..ProblemError::default()
        });
        self
    }

    /// A further member, such as `order_id` or the figures of a rule.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: serde_json::Value) -> Self {
        self.0.extensions.insert(name.into(), value);
        self
    }

    /// A header of the answer; a value that no header can hold is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// When to try again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, seconds)
    }

    /// What led to it, for the log only.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.0.cause = Some(text);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// When to try again, in seconds, where it says so.
    pub fn seconds_to_wait(&self) -> Option<u64> {
        let mut headers = self.0.headers.iter();
        let (_, value) = headers.find(|(name, _)| *name == RETRY_AFTER)?;
        value.to_str().ok()?.parse().ok()
    }

    /// What led to it, with its causes; for the log only.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The body, as part of the request at `instance` in trace `trace_id`.
    pub fn document(&self, instance: Option<&str>, trace_id: Option<&str>) -> ProblemDocument {
        let inner = &self.0;
        ProblemDocument {
            problem_type: format!("/problems/{}", inner.code),
            title: inner.title.to_string(),
            status: inner.status.as_u16(),
            detail: inner.detail.clone(),
            instance: instance.map(str::to_owned),
            code: inner.code.to_owned(),
            trace_id: trace_id.map(str::to_owned),
            errors: inner.errors.clone(),
            extensions: inner.extensions.clone(),
        }
    }

    /// The whole answer.
    pub fn response(&self, instance: Option<&str>, trace_id: Option<&str>) -> HttpResponse {
        let body = serde_json::to_vec(&self.document(instance, trace_id)).unwrap_or_default();
        let mut response = HttpResponse::build(self.0.status);
        response.content_type(CONTENT_TYPE);
        // A 404 or 410 without it may be kept by caches.
        response.insert_header((CACHE_CONTROL, "no-store"));
        for header in &self.0.headers {
            response.append_header(header.clone());
        }
        response.body(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.title, self.0.code)?;
        match &self.0.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response(None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_members_of_rfc_9457_and_its_own() {
        let problem = Problem::conflict("external_id_taken", "That order exists")
            .detail("web/1001")
            .error("/external_id", "taken")
            .with("order_id", "x".into());
        let json = serde_json::to_value(problem.document(Some("/v1/orders"), Some("t")));
        assert_eq!(
            json.expect("a problem has a JSON form"),
            serde_json::json!({
                "type": "/problems/external_id_taken",
                "title": "That order exists",
                "status": 409,
                "detail": "web/1001",
                "instance": "/v1/orders",
                "code": "external_id_taken",
                "trace_id": "t",
                "errors": [{"pointer": "/external_id", "detail": "taken"}],
                "order_id": "x",
            })
        );
    }

    #[test]
    fn a_cause_never_reaches_the_client() {
        let problem = Problem::internal(std::io::Error::other("secret"));
        assert_eq!(problem.cause(), Some("secret"));
        let document = serde_json::to_string(&problem.document(None, None));
        assert!(!document.expect("JSON").contains("secret"));
    }
}
