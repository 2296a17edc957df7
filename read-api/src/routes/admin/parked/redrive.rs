//! `POST /v1/admin/parked/{id}/redrive` and `POST /v1/admin/parked/redrive`:
//! marks, which the projector acts upon.

use crate::{
    documented::{NotParked, ParkedId, Refused},
    problems::not_parked,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    views::{ORDERS, parked},
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
    params(ParkedId),
    responses((status = 202, description = "It is marked", body = Marked), NotParked, Refused),
    security(("api_key" = []))
)]
pub async fn one(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let id = super::id(&id)?;
    match mark(&state, Some(id)).await? {
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
    responses((status = 202, description = "They are marked", body = Marked), Refused),
    security(("api_key" = []))
)]
pub async fn all(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    Ok(accepted(mark(&state, None).await?))
}

async fn mark(state: &State, id: Option<&str>) -> Result<u64, Problem> {
    let marked = parked::request_redrive(&state.views, ORDERS, id).await;
    marked.map_err(|error| Problem::database(&error))
}

fn accepted(marked: u64) -> HttpResponse {
    super::told(HttpResponse::Accepted(), &Marked { marked })
}
