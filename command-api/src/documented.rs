//! Answers that every command may give, for the OpenAPI document.

use infra::http::ProblemDocument;
use utoipa::IntoResponses;

/// Problems of the request itself, or of the system behind the API.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only documents what the plumbing answers")]
pub enum CommonProblems {
    /// `invalid_json`, `invalid_body`, `invalid_if_match`,
    /// `invalid_idempotency_key`, `idempotency_key_required`
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDocument),
    /// `unauthorized`
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// `request_timeout`
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemDocument),
    /// `precondition_failed` with the present `version`
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(ProblemDocument),
    /// `body_too_large`, `event_too_large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// `unsupported_media_type`
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemDocument),
    /// `unavailable`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}
