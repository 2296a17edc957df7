//! Parameters and answers that streams have in common, for the OpenAPI document.

use infra::http::ProblemDocument;
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// Where a stream goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct LastEventId {
    /// The `id` that came last: everything since is told first
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

/// Where a stream begins.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct AfterPlace {
    /// Where to begin, without `Last-Event-ID`: after an `id` or a `position`, or with the `beginning`; from now on if absent
    #[param(example = "beginning")]
    after: Option<String>,
}

/// A server-sent event, as its fields are on the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes events, is never one")]
pub struct ServerSentEvent {
    /// Place in the log, for `Last-Event-ID`
    id: String,
    /// `refresh` where any document may read otherwise; else absent, which means `message`
    #[schema(example = "refresh")]
    event: Option<String>,
    /// JSON on one line, as the route says
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// A stream of server-sent events.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never one")]
pub enum Streamed {
    /// Server-sent events, each of this shape, until either side ends it
    #[response(
        status = 200,
        content_type = "text/event-stream",
        headers(("Cache-Control" = String, description = "`no-store`"))
    )]
    Events(ServerSentEvent),
    /// `position_lost`
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(ProblemDocument),
}
