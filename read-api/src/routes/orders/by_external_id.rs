//! `GET /v1/orders/by_external_id/{platform}/{external_id}`: one order by the
//! platform's own id of it.

use super::{get::answer, store};
use crate::{
    consistency::Consistency,
    problems::{Refused, order_not_found},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use contracts::order::Order;
use domain::ids::order_id_of_external;
use infra::http::{Principal, Problem, ProblemDocument, Query};

/// One order by its external id
///
/// The same answer as that of `GET /v1/orders/{id}`.
#[utoipa::path(
    get,
    path = "/v1/orders/by_external_id/{platform}/{external_id}",
    operation_id = "get_order_by_external_id",
    tag = "orders",
    params(
        ("platform" = String, Path, description = "Slug of the sales channel", example = "web"),
        ("external_id" = String, Path, description = "The channel's own id of the order", example = "W-1001"),
        ("min_version" = Option<i64>, Query, minimum = 1, description = "Wait until the order has this version"),
        ("min_position" = Option<String>, Query, description = "Wait until the views have this `position`"),
        ("If-None-Match" = Option<String>, Header, description = "Tags that the client has", example = "\"7-0\""),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: at most N seconds (2 if absent, at most 30); `handling=strict`: 503 rather than an older answer", example = "wait=5, handling=strict"),
    ),
    responses(
        (status = 200, description = "The order", body = Order, headers(
            ("ETag" = String, description = "`\"<version>-<revision>\"`"),
            ("Orderlog-Lag" = String, description = "How far the views are behind the log: `events=0, seconds=0.000`, or `unknown`"),
            ("Preference-Applied" = Option<String>, description = "Which preferences were followed"),
        )),
        (status = 304, description = "The client has it already", headers(("ETag" = String))),
        (status = 404, description = "`order_not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, super::get::PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let (platform, external_id) = path.into_inner();
    // No order has such an id, and Postgres takes no text with a zero byte.
    if platform.contains('\0') || external_id.contains('\0') {
        return Err(order_not_found());
    }
    let id = order_id_of_external(&platform, &external_id);
    consistency.wait(&state, Some(id)).await?;
    let order = store::order_of_external(&state.views, &platform, &external_id)
        .await
        .map_err(|error| Problem::database(&error))?;
    answer(&request, &state, &consistency, order)
}
