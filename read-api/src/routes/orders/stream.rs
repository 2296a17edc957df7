//! `GET /v1/orders/{id}/stream`: the events of one order, as they happen.

use super::order_id;
use crate::{
    documented::{EventTypes, NoSuchOrder, OrderId, Refused},
    live::{self, AfterPlace, Filter, LastEventId, Stream, Streamed},
    log::ORDER,
    problems::order_not_found,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem, Query};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["after", "type"];

/// Events of one order as they happen
///
/// As `GET /v1/events/stream`, of one order; with `after=beginning` its whole
/// history first.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/stream",
    operation_id = "stream_order_events",
    tag = "live",
    params(
        OrderId,
        LastEventId,
        AfterPlace,
        EventTypes,
    ),
    responses(Streamed, NoSuchOrder, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let id = order_id(&id)?;
    let filter = Filter::of_order(id).with_types(&query)?;
    state.log.usable()?;
    let text = id.to_string();
    let known = state.log.reader.newest_version(ORDER, &text).await;
    let known = known.map_err(|error| Problem::database(&error))?;
    known.ok_or_else(order_not_found)?;
    let stream = Stream {
        tail: &state.live.events,
        log: &state.log,
        slots: &state.live.slots,
    };
    live::begin(stream, &request, &query, filter).await
}
