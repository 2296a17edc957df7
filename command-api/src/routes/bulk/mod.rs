//! `POST /v1/bulk`: commands line by line, answered line by line.
//!
//! ```text
//! body ─> lines ─> window ─┬─> order A: line 1 ─> line 4 ─┬─> results, in the order
//!       (bounded)          ├─> order B: line 2            │    of the lines ─> trailer
//!                          └─> order C: line 3 ─> line 5 ─┘    (bounded)
//! ```
//!
//! A line is the request of its route: the same parsing, the same function, the
//! same identity (principal, route, key). What was sent as a request before is
//! a repeat as a line, and the other way round.

mod check;
mod lanes;
mod line;
mod operations;
mod room;
mod run;
mod told;

use crate::{
    call::CREATE_PLATFORMS,
    documented::{CreatePlatforms, problems},
    reference::Rehearsals,
    state::CommandApi,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CACHE_CONTROL,
    web::{Bytes, Data, Payload},
};
pub use check::BulkLines;
use futures_util::{FutureExt as _, Stream, stream};
use infra::http::{
    Caller, Forwarding, Lines, Problem, Query, Readiness, UNBUFFERED, admit, trace_context,
};
use line::Common;
pub use room::Room;
pub use run::describe;
use run::{Piece, Run};
use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Poll, ready},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use told::Results;
use utoipa::{
    IntoParams, IntoResponses,
    openapi::{Content, ContentBuilder, Object, RefOr, Response, ResponseBuilder, schema::Type},
};

/// Pieces of the answer that wait for the client.
const WAITING: usize = 2;
/// Bytes of orders that a dry run remembers.
const REHEARSED: usize = 64 << 20;

const NDJSON: &str = "application/x-ndjson";
const DRY_RUN: &str = "dry_run";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what the query says")]
struct Parameters {
    /// Decide every line, each on what the ones before it would have left, and
    /// store nothing. A key that comes twice is decided twice.
    /// 64 MiB of orders are remembered (some ten thousand): of one that had to go
    /// the lines that follow are decided as if nothing had been rehearsed, so lines
    /// about one order should not be far apart.
    dry_run: Option<bool>,
}

struct Answers;

impl IntoResponses for Answers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let results = ContentBuilder::from(Content::new(Some(Object::with_type(Type::String))))
            .example(Some(include_str!("results.ndjson").into()));
        let done = ResponseBuilder::new()
            .description("A result per line, in the order of the lines, and the trailer")
            .content(NDJSON, results.build());
        let mut all = problems(&[&[
            "incomplete_body",
            "invalid_query",
            "unknown_parameter",
            "invalid_parameter",
            "unauthorized",
            "unsupported_media_type",
            "coding_not_acceptable",
            "internal",
            "unavailable",
        ]]);
        all.insert("200".to_owned(), done.build().into());
        all
    }
}

/// Carry out many commands
///
/// NDJSON in, NDJSON out, both streamed. Each line is a command: `op` is the
/// `operationId` of its route, `key` its `Idempotency-Key`, `body` the body;
/// the order is named by `order_id`, or by `order` as
/// `{"platform", "external_id"}`, and other parts of the path by their names
/// (`line`, `discount`, `payment`, `capture`, `refund`, `fulfillment`, `return`,
/// `tag`). Reference data is named by `platform`, `sku`, `zone` or `method`.
/// `if_match` is a version, `causation_id` what led to the command.
///
/// Lines about one order, product and so on are carried out one after the other, others at the same
/// time. A line that fails (`status`, `problem`) stops no other line; only where
/// it may succeed when it is sent again (5xx, `contended`), later lines about
/// its order are not carried out (424 `earlier_line_open`). The last record is
/// the `trailer` with the counts, and with a `problem` where it came before the
/// end of the body; an answer without it was cut off. Sending all lines again
/// under the same keys carries out what was not.
///
/// Results come while lines are still sent, and have to be read meanwhile: who
/// takes none is not read from. A line has at most 256 KiB. Blank lines are
/// skipped. A body that is packed (`Content-Encoding`) may be 4 GiB unpacked.
#[utoipa::path(
    post,
    path = "/v1/bulk",
    operation_id = "bulk",
    tag = "bulk",
    params(Parameters, CreatePlatforms),
    request_body(
        content = String,
        content_type = "application/x-ndjson",
        description = "A command a line",
        example = json!(include_str!("lines.ndjson")),
    ),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let (api, caller) = (CommandApi::of(&request)?, Caller::of(&request)?);
    admit(&request, caller.principal().await?).await?;
    let query = Query::of(&request, &[DRY_RUN, CREATE_PLATFORMS])?;
    let create_platforms = query.parsed(CREATE_PLATFORMS, "true or false")?;
    let dry_run = query.parsed(DRY_RUN, "true or false")?.unwrap_or(false);
    let place = api.bulk.request();
    let full = || Problem::unavailable(5).detail("too many bulk requests run");
    let place = place.ok_or_else(full)?;
    let rehearsal = if dry_run {
        let full = || Problem::unavailable(5).detail("too many dry runs run");
        Some(api.bulk.rehearsal().ok_or_else(full)?)
    } else {
        None
    };
    let readiness = request.app_data::<Data<Readiness>>();
    let trace = trace_context(&request);
    let (lines, forwarding) = Lines::of(&request, payload.into_inner())?;
    let (pieces, answer) = mpsc::channel(WAITING);
    let run = Run {
        results: Results::new(trace.trace_id.clone(), dry_run),
        lines,
        common: Common {
            create_platforms: create_platforms.unwrap_or(false),
            trace,
            rehearsal: dry_run.then(|| Arc::new(Rehearsals::new(REHEARSED))),
        },
        draining: readiness.map_or_else(CancellationToken::new, |ready| ready.draining()),
        api,
        caller,
        pieces,
        _places: (place, rehearsal),
    };
    tokio::spawn(run.run());
    Ok(HttpResponse::Ok()
        .content_type(NDJSON)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(UNBUFFERED)
        .streaming(results(forwarding, answer)))
}

/// The answer; one that has no end is cut off. It hands the body on while it is
/// asked for more: both belong to the thread of the connection, and a client
/// that does not read is not read from.
fn results(
    forwarding: Forwarding,
    mut answer: mpsc::Receiver<Piece>,
) -> impl Stream<Item = Result<Bytes, Cut>> {
    let (mut forwarding, mut is_over) = (forwarding.fuse(), false);
    stream::poll_fn(move |context| {
        let _ = forwarding.poll_unpin(context);
        if is_over {
            return Poll::Ready(None);
        }
        let piece = ready!(answer.poll_recv(context));
        is_over = !matches!(piece, Some(Piece::Some(_)));
        Poll::Ready(match piece {
            Some(Piece::Some(bytes)) => Some(Ok(bytes)),
            Some(Piece::End) => None,
            None => Some(Err(Cut)),
        })
    })
}

/// The connection ends without the end of its answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut off")]
struct Cut;
