//! `GET /v1/orders/by_external_id/{platform}/{external_id}`: one order by the
//! platform's own id of it.

use super::{
    get::{Asked, OneOrder},
    store,
};
use crate::{
    documented::{
        AtMoment, Conditional, ExpandOf, FieldsOf, MinPosition, MinVersion, NoSuchMoment, Refused,
        Told,
    },
    problems::order_not_found,
    servers::Route,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use domain::ids::order_id_of_external;
use infra::http::{Principal, Problem};

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
        FieldsOf,
        ExpandOf,
        AtMoment,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(Told<OneOrder>, NoSuchMoment, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request)?;
    let (platform, external_id) = path.into_inner();
    // No order has such an id, and Postgres takes no text with a zero byte.
    if platform.contains('\0') || external_id.contains('\0') {
        return Err(order_not_found());
    }
    let id = order_id_of_external(&platform, &external_id);
    let read = |route: Route| {
        let (platform, external_id) = (platform.clone(), external_id.clone());
        async move {
            let read = route.read(|views| {
                store::order_of_external(views, platform.clone(), external_id.clone())
            });
            read.await
        }
    };
    asked.answer(&request, &state, id, read).await
}
