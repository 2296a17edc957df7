//! `GET /v1/admin/schedules`: what is due when.

use crate::{documented::Refused, routes::admin::told, state::State};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    jobs::{self, ScheduleRecord},
};
use serde::Serialize;
use utoipa::ToSchema;

/// All schedules.
#[derive(Serialize, ToSchema)]
pub struct ScheduleList {
    /// By name.
    data: Vec<ScheduleRecord>,
}

/// Schedules
///
/// Jobs that are enqueued at certain times: when each is due, and what came of
/// its last run.
#[utoipa::path(
    get,
    path = "/v1/admin/schedules",
    operation_id = "list_schedules",
    tag = "admin",
    responses((status = 200, description = "All of them", body = ScheduleList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let data = jobs::list_schedules(&state.ops).await;
    let data = data.map_err(|error| Problem::database(&error))?;
    Ok(told(HttpResponse::Ok(), &ScheduleList { data }))
}
