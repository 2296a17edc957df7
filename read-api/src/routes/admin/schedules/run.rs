//! `POST /v1/admin/schedules/{name}/run`: now, whatever time it is.

use crate::{
    documented::{NoSuchSchedule, Refused, ScheduleName, ScheduleRunning},
    problems::schedule_running,
    routes::admin::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    jobs,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What was enqueued.
#[derive(Serialize, ToSchema)]
pub struct ScheduledRun {
    /// The job, as `GET /v1/admin/jobs/{id}` tells it.
    job: Uuid,
}

/// Run a schedule now
///
/// Enqueues its job, paused or not. The next due time stays as it is.
#[utoipa::path(
    post,
    path = "/v1/admin/schedules/{name}/run",
    operation_id = "run_schedule",
    tag = "admin",
    params(ScheduleName),
    responses(
        (status = 202, description = "The job is enqueued", body = ScheduledRun),
        NoSuchSchedule,
        ScheduleRunning,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    super::known(&state, &name).await?;
    let job = jobs::run_schedule(&state.ops, &name).await;
    let job = job.map_err(|error| Problem::database(&error))?;
    let job = job.ok_or_else(schedule_running)?;
    tracing::info!(schedule = *name, job.id = %job, actor = principal.id, "schedule.run");
    Ok(told(HttpResponse::Accepted(), &ScheduledRun { job }))
}
