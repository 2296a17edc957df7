//! HTTP plumbing that every role shares: problems, request bodies, keys,
//! conditional requests, tracing, health, and the server itself.
//!
//! Handlers are written as `async fn(…) -> Result<HttpResponse, Problem>`; the
//! middleware of [`serve`] completes a problem with the request's path and
//! trace id, writes the one log line of the request, and packs the answer as the
//! client takes it.

pub mod access;
pub mod body;
pub mod coding;
mod connections;
pub mod etag;
mod fallback;
mod health;
mod home;
mod leaving;
mod observe;
mod prefer;
mod principal;
pub mod problem;
pub mod problem_types;
mod public;
pub mod query;
mod rate;
mod request_headers;
mod series;
mod server;
mod trace;

pub use body::{
    Forwarding, JsonBody, LONGEST_LINE, Line, LineError, Lines, MOST_UNPACKED, Pieces, Source,
    without_value,
};
pub use coding::CodedForms;
pub use etag::{Etag, IfMatch, if_match, none_match};
pub use fallback::DocumentedPaths;
pub use health::Readiness;
pub use observe::HeadOnly;
pub(crate) use observe::{REQUESTS, describe_metrics};
pub use prefer::Prefer;
pub use principal::{
    Admitted, Authenticator, Caller, NARROWED_TO, Principal, Sent, admit, own_platform,
    still_allowed,
};
pub use problem::{Problem, ProblemDocument, ProblemError};
pub use problem_types::{ProblemType, ProblemTypes};
pub use public::PublicFile;
pub use query::Query;
pub use rate::{PlatformLimits, RateLimits};
pub use request_headers::{idempotency_key, valid_key};
pub use server::{ServeError, WRITE_BUFFER, serve};
pub(crate) use trace::Traceparent;
pub use trace::{TraceContext, trace_context};

use actix_web::http::header::{HeaderName, HeaderValue};

/// `Cache-Control` of what may be kept by the client, never shared, and always
/// asked for again.
pub const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");
/// `Vary` of every answer behind a key.
pub const VARIES: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding, Authorization");
/// Of answers that are streamed: nginx passes on what it gets at once.
pub const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");
