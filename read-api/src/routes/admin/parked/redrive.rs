//! `POST /v1/admin/parked/{id}/redrive` and `POST /v1/admin/parked/redrive`:
//! marks, which the projector acts upon.

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
    views::parked,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What was marked.
#[derive(Serialize, ToSchema)]
pub struct Marked {
    /// How many orders are to be driven again.
    marked: u64,
}

/// Drive a parked order again
///
/// Marks it; the projector folds it anew from the log a moment later. It is
/// parked no more then, or still is, with the reason of this attempt.
#[utoipa::path(
    post,
    path = "/v1/admin/parked/{id}/redrive",
    operation_id = "redrive_parked_order",
    tag = "admin",
    params(ParkedId, OfProjection),
    responses((status = 202, description = "It is marked", body = Marked), NotParked, Refused),
    security(("api_key" = []))
)]
pub async fn one(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    match mark(&state, &request, Some(id)).await? {
        0 => Err(not_parked()),
        marked => Ok(accepted(marked)),
    }
}

/// Drive all parked orders again
///
/// Marks all that are parked now.
#[utoipa::path(
    post,
    path = "/v1/admin/parked/redrive",
    operation_id = "redrive_parked_orders",
    tag = "admin",
    params(OfProjection),
    responses((status = 202, description = "They are marked", body = Marked), Refused),
    security(("api_key" = []))
)]
pub async fn all(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Ok(accepted(mark(&state, &request, None).await?))
}

async fn mark(state: &State, request: &HttpRequest, id: Option<&str>) -> Result<u64, Problem> {
    let query = Query::of(request, &[super::PROJECTION])?;
    let projection = super::projection(state, &query).await?;
    let marked = parked::request_redrive(&state.views, &projection, id).await;
    marked.map_err(|error| Problem::database(&error))
}

fn accepted(marked: u64) -> HttpResponse {
    super::told(HttpResponse::Accepted(), &Marked { marked })
}
