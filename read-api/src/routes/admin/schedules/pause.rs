//! `POST /v1/admin/schedules/{name}/pause` and `…/resume`.

use crate::{
    documented::{NoSuchSchedule, Refused, ScheduleName},
    routes::admin::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    jobs::{self, ScheduleRecord},
};

/// Pause a schedule
///
/// It enqueues nothing until it is resumed.
#[utoipa::path(
    post,
    path = "/v1/admin/schedules/{name}/pause",
    operation_id = "pause_schedule",
    tag = "admin",
    params(ScheduleName),
    responses((status = 200, description = "It is paused", body = ScheduleRecord), NoSuchSchedule, Refused),
    security(("api_key" = []))
)]
pub async fn pause(
    principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    set(&principal, &state, &name, true).await
}

/// Resume a schedule
///
/// It enqueues again; once at once, where it was due meanwhile.
#[utoipa::path(
    post,
    path = "/v1/admin/schedules/{name}/resume",
    operation_id = "resume_schedule",
    tag = "admin",
    params(ScheduleName),
    responses((status = 200, description = "It goes on", body = ScheduleRecord), NoSuchSchedule, Refused),
    security(("api_key" = []))
)]
pub async fn resume(
    principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    set(&principal, &state, &name, false).await
}

async fn set(
    principal: &Principal,
    state: &State,
    name: &str,
    paused: bool,
) -> Result<HttpResponse, Problem> {
    super::known(state, name).await?;
    let set = jobs::set_schedule_paused(&state.ops, name, paused).await;
    set.map_err(|error| Problem::database(&error))?;
    tracing::info!(
        schedule = name,
        actor = principal.id,
        paused,
        "schedule.paused"
    );
    Ok(told(HttpResponse::Ok(), &super::known(state, name).await?))
}
