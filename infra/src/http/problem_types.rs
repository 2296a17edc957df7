//! The kinds of problems, each with a page at its `type` URL.

use super::problem::{CONTENT_TYPE, Problem};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, VARY},
    web::{self, ServiceConfig},
};
use serde::Serialize;

/// One kind of problem, as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProblemType {
    /// Stable code; its page is `/problems/CODE`.
    pub code: &'static str,
    /// HTTP status that it comes with.
    pub status: u16,
    /// When it happens and what to do about it.
    pub meaning: &'static str,
}

/// Kinds of problems that the plumbing itself answers with.
pub const COMMON: &[ProblemType] = &[
    kind(
        "unauthorized",
        401,
        "The request has no `Authorization: Bearer` header, or its key or token is unknown, revoked or at its end.",
    ),
    kind(
        "scope_missing",
        403,
        "The API key names what it is for, and this is not among it.",
    ),
    kind(
        "platform_not_allowed",
        403,
        "The API key is for one platform only, and the request names another one or is about several.",
    ),
    kind(
        "rate_limited",
        429,
        "More was asked than one key, or one address, may ask for. Try again after `Retry-After` seconds.",
    ),
    kind(
        "route_not_found",
        404,
        "Nothing is at this path. See /openapi.json.",
    ),
    kind(
        "method_not_allowed",
        405,
        "The path exists, the method does not; `Allow` names those that do.",
    ),
    kind(
        "unsupported_media_type",
        415,
        "The body must be JSON, and its coding identity, gzip, br or zstd.",
    ),
    kind(
        "request_timeout",
        408,
        "The body did not arrive in time. Send it again.",
    ),
    kind(
        "body_too_large",
        413,
        "The body, as sent or unpacked, is larger than the limit.",
    ),
    kind(
        "incomplete_body",
        400,
        "The body ended early or its coding is broken.",
    ),
    kind(
        "invalid_json",
        400,
        "The body is not JSON: bad syntax, bad UTF-8, a repeated key, or nested too deeply.",
    ),
    kind(
        "invalid_body",
        400,
        "The body is JSON but not of the documented shape; `errors` points at the member.",
    ),
    kind(
        "invalid_path",
        400,
        "A part of the path is not of the documented form.",
    ),
    kind("invalid_query", 400, "The query string cannot be read."),
    kind(
        "unknown_parameter",
        400,
        "The query has a parameter that the route does not know; `errors` names it.",
    ),
    kind(
        "invalid_parameter",
        400,
        "A query parameter has a value that is not allowed; `errors` names it.",
    ),
    kind(
        "invalid_if_match",
        400,
        "`If-Match` is neither `*` nor a list of entity tags.",
    ),
    kind(
        "invalid_idempotency_key",
        400,
        "`Idempotency-Key` must be 1 to 255 visible ASCII characters, once.",
    ),
    kind(
        "idempotency_key_required",
        400,
        "This deployment wants an `Idempotency-Key` on every command.",
    ),
    kind(
        "precondition_failed",
        412,
        "The resource has changed since the version in `If-Match`; read it and try again.",
    ),
    kind(
        "coding_not_acceptable",
        406,
        "`Accept-Encoding` allows none of br, zstd, gzip and identity.",
    ),
    kind("bad_request", 400, "The front could not read the request."),
    kind(
        "uri_too_long",
        414,
        "The address is longer than the front takes.",
    ),
    kind(
        "outcome_unknown",
        502,
        "The front got no answer to a command without an Idempotency-Key, and does not send it twice. Read before trying again.",
    ),
    kind(
        "unavailable",
        503,
        "A server behind the API is away. Try again after `Retry-After` seconds.",
    ),
    kind(
        "took_too_long",
        503,
        "The database did not answer within the time that one question may take. Ask for less: a \
         narrower range, fewer facets, no exact count; or try again after `Retry-After` seconds.",
    ),
    kind(
        "log_restored",
        503,
        "The log was restored from a backup. Nothing of it is read, and no command accepted, until \
         an operator has begun a new epoch (`orderlog epoch bump`).",
    ),
    kind(
        "newer_release",
        503,
        "What the command is about has events of a newer release, which the instance that answered \
         cannot read, as during an upgrade. Nothing was done. Try again after `Retry-After` seconds: \
         another instance may know them.",
    ),
    kind(
        "internal",
        500,
        "Something went wrong here. Quote the `trace_id`.",
    ),
];

const fn kind(code: &'static str, status: u16, meaning: &'static str) -> ProblemType {
    ProblemType {
        code,
        status,
        meaning,
    }
}

/// Kinds of problems that APIs have beside [`COMMON`], as the application's data:
/// they have pages too. Cheap to clone.
#[derive(Debug, Clone, Copy)]
pub struct ProblemTypes(pub &'static [&'static [ProblemType]]);

/// Serves the page of each kind, at one pattern: each that there is would be held
/// against every request before what it asks for is found.
pub(super) fn pages(config: &mut ServiceConfig) {
    config.route("/problems/{code}", web::get().to(shown));
}

async fn shown(request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let own = request.app_data::<ProblemTypes>();
    let own = own.map_or(&[][..], |own| own.0);
    let mut all = COMMON.iter().chain(own.iter().copied().flatten());
    let kind = all.find(|kind| kind.code == *code);
    kind.map(|kind| page(&request, *kind))
        .ok_or_else(route_not_found)
}

fn page(request: &HttpRequest, kind: ProblemType) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|v| v.to_str().ok());
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((VARY, "Accept"));
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        return response.json(kind);
    }
    let ProblemType {
        code,
        status,
        meaning,
    } = kind;
    response
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "<!doctype html><html lang=\"en\"><title>{code}</title>\
         <h1>{code}</h1><p>Status {status}, as <code>{CONTENT_TYPE}</code>.</p><p>{meaning}</p>"
        ))
}

/// The path is unknown.
pub(super) fn route_not_found() -> Problem {
    Problem::not_found("route_not_found", "Nothing is at this path")
}
