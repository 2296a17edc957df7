//! `GET /v1/orders/{id}/packing_slip.pdf`: what is to be packed.

use super::{Drawn, seller};
use crate::{
    documented::{AtMoment, OrderId, Refused},
    problems::{fulfillment_not_found, nothing_to_pack},
    routes::orders::{
        order_id,
        past::{self, Moment},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    clock,
    http::{Principal, Problem, Query},
};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["fulfillment", "version", "as_of"];

/// Packing slip as PDF
///
/// What is in one fulfilment; without `fulfillment`, all that is ordered and not
/// cancelled. No prices.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/packing_slip.pdf",
    operation_id = "get_packing_slip",
    tag = "documents",
    params(
        OrderId,
        ("fulfillment" = Option<String>, Query, description = "Id of a fulfilment", example = "f1"),
        AtMoment,
        ("If-None-Match" = Option<String>, Header, description = "Tags that the client has"),
    ),
    responses(Drawn, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let wanted = query.one("fulfillment")?;
    let (moment, id) = (Moment::of(&query)?, order_id(&id)?);
    let order = past::order(&state, id, moment).await?;
    let parcel = match wanted {
        Some(wanted) => {
            let found = order.fulfillments.iter().find(|parcel| parcel.id == wanted);
            Some(found.ok_or_else(fulfillment_not_found)?)
        }
        None => None,
    };
    let seller = seller(&state, &order, clock::now()).await?;
    let sheet = documents::packing_slip(&order, parcel, &seller.seller);
    let sheet = sheet.map_err(|_| nothing_to_pack())?;
    state.documents.answer(&request, sheet, seller).await
}
