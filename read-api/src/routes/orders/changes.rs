//! `GET /v1/orders/changes`: which orders read otherwise now.

use crate::{
    documented::{OfOrders, Refused},
    live::{self, AfterPlace, Filter, LastEventId, Stream, Streamed},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["after", "platform", "order"];

/// Changed orders as they change
///
/// Server-sent events: each `data` is `{"id", "version", "platform"}` of an
/// order whose document has changed, told once the document can be read: with
/// `min_version` no cache answers with less. Several changes of an order that
/// come together are one. `event: refresh` comes where documents have changed
/// without new versions, after a rebuild or a repair: whatever is shown may read
/// otherwise. Its `id` is resumed by as in `GET /v1/events/stream`; the
/// `position` of a command's answer will do too.
#[utoipa::path(
    get,
    path = "/v1/orders/changes",
    operation_id = "stream_order_changes",
    tag = "live",
    params(
        LastEventId,
        AfterPlace,
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
    let filter = Filter::of(&query)?;
    let stream = Stream {
        tail: &state.live.changes,
        log: &state.log,
        slots: &state.live.slots,
    };
    live::begin(stream, &request, &query, filter).await
}
