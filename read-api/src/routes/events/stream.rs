//! `GET /v1/events/stream`: every event, as it happens.

use crate::{
    documented::{EventTypes, OfOrders, Refused},
    live::{self, AfterPlace, Filter, LastEventId, Stream, Streamed},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["after", "type", "platform", "order"];

/// Events as they happen
///
/// Server-sent events: each `data` is a `CloudEvent` as one JSON object, its
/// members named as the headers on Kafka without `ce_`, personal data readable.
/// Its `id` is the event's `position`: whoever comes again with it as
/// `Last-Event-ID` gets everything since, from the log, in its order, each event
/// once. Begins with what happens from now on where no place is named. A
/// comment comes each 15 s. A client that takes less than there is to tell is
/// cut off and comes again; it misses nothing.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    operation_id = "stream_events",
    tag = "live",
    params(
        LastEventId,
        AfterPlace,
        EventTypes,
        OfOrders,
    ),
    responses(Streamed, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let filter = Filter::of(&query)?.with_types(&query)?;
    let stream = Stream {
        tail: &state.live.events,
        log: &state.log,
        slots: &state.live.slots,
    };
    live::begin(stream, &request, &query, filter).await
}
