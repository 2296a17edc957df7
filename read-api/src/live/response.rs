//! From a request to a stream (WHATWG HTML §9.2, server-sent events).

use super::{
    client::{Client, Slots, State},
    feed::{Edge, Feed},
    filter::Filter,
    marker::Marker,
    tail::Tail,
};
use crate::{log::Log, problems::position_lost};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, HeaderName},
    web::Bytes,
};
use contracts::LogPosition;
use futures_util::stream;
use infra::http::{HeadOnly, Problem, Query, UNBUFFERED, query::invalid};
use std::{convert::Infallible, time::Duration};
use tokio::time::timeout;

/// Where to begin, for clients that cannot send a header.
pub const AFTER: &str = "after";

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long the tail may take to find the end of its feed.
const START_TIME: Duration = Duration::from_secs(10);

/// What a stream is made of.
pub struct Stream<'a, F> {
    /// The feed.
    pub tail: &'a Tail<F>,
    /// The log that places are of.
    pub log: &'a Log,
    /// Places for clients.
    pub slots: &'a Slots,
}

/// The answer to a client that wants what `filter` takes: after the place that
/// it names, else from now on.
///
/// # Errors
/// 400 for a place that this API never gave, 410 for one that the log has not any
/// more, 503 where nothing can be read or there is no place left.
pub async fn begin<F: Feed>(
    stream: Stream<'_, F>,
    request: &HttpRequest,
    query: &Query,
    filter: Filter,
) -> Result<HttpResponse, Problem> {
    let Stream { tail, log, slots } = stream;
    let marker = named(request, query)?;
    log.usable()?;
    if let Some(marker) = marker {
        check_place(log, marker.at).await?;
    }
    if request.extensions().contains::<HeadOnly>() {
        return Ok(head().streaming(stream::empty::<Result<Bytes, Infallible>>()));
    }
    let slot = slots.take(F::NAME)?;
    let mut following = tail.follow();
    // Before the end is asked for: what comes after that is in them.
    let pieces = tail.pieces();
    let now = timeout(START_TIME, following.edge()).await.ok().flatten();
    let now = now.ok_or_else(|| Problem::unavailable(1))?;
    let edge = marker.map_or(now, |marker| Edge {
        at: marker.at,
        // A feed without generations has none, whatever a marker says.
        generation: now.generation.map(|now| marker.generation.unwrap_or(now)),
    });
    let client = Client {
        tail: tail.clone(),
        log: log.clone(),
        filter,
        edge,
        following,
        slot,
        request: request.clone(),
        state: State::new(marker.is_none().then_some(pieces)),
    };
    Ok(head().streaming(stream::unfold(client, Client::next)))
}

fn head() -> HttpResponseBuilder {
    let mut head = HttpResponse::Ok();
    head.content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(UNBUFFERED);
    head
}

/// The place that the client names: in `Last-Event-ID`, as it comes again, else
/// in the query.
fn named(request: &HttpRequest, query: &Query) -> Result<Option<Marker>, Problem> {
    let wrong = "is not an `id` of this stream, nor the `position` of an event";
    if let Some(id) = request.headers().get(LAST_EVENT_ID) {
        let marker = id.to_str().ok().and_then(Marker::parse);
        return marker.map(Some).ok_or_else(|| {
            Problem::bad_request("invalid_last_event_id", "The Last-Event-ID cannot be read")
                .detail(format!("Last-Event-ID {wrong}"))
        });
    }
    let Some(after) = query.one(AFTER)? else {
        return Ok(None);
    };
    let marker = Marker::parse(after);
    marker.map(Some).ok_or_else(|| invalid(AFTER, wrong))
}

/// Whether the log still has what came before a place.
///
/// # Errors
/// 410 where it has not.
pub async fn check_place(log: &Log, at: LogPosition) -> Result<(), Problem> {
    let resumable = log.reader.resumable(at).await;
    match resumable.map_err(|error| Problem::database(&error))? {
        Ok(()) => Ok(()),
        Err(why) => Err(position_lost(why)),
    }
}
