//! `GET /v1/admin/parked/{id}`: one order that waits.

use crate::{
    documented::{NotParked, OfProjection, ParkedId, Refused},
    problems::not_parked,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    views::parked::{self, Parked, WaitingRecord},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[super::PROJECTION];
/// Records that are told.
const MOST: i64 = 100;

/// What waits, with its records.
#[derive(Serialize, ToSchema)]
pub struct ParkedOrder {
    /// What waits, and why.
    #[serde(flatten)]
    parked: Parked,
    /// The first hundred records that wait, oldest first: the one that parked
    /// it, and what came after.
    records: Vec<WaitingRecord>,
}

/// One parked order
///
/// With the records that wait. `id` is the order's, or the place of a record
/// that names no order, as the list tells it.
#[utoipa::path(
    get,
    path = "/v1/admin/parked/{id}",
    operation_id = "get_parked_order",
    tag = "admin",
    params(ParkedId, OfProjection),
    responses(
        (status = 200, description = "It, and what waits", body = ParkedOrder),
        NotParked,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let id = super::id(&id)?;
    let projection = super::projection(&state, &query).await?;
    let read = async {
        let found = parked::find(&state.views, &projection, id).await?;
        let records = parked::waiting(&state.views, &projection, id, MOST).await?;
        Ok((found, records))
    };
    let (found, records) = read.await.map_err(|error| Problem::database(&error))?;
    let parked = found.ok_or_else(not_parked)?;
    let order = ParkedOrder { parked, records };
    Ok(super::told(HttpResponse::Ok(), &order))
}
