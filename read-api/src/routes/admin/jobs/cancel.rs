//! `POST /v1/admin/jobs/{id}/cancel`: it is not wanted any more.

use crate::{
    documented::{JobId, JobNotLive, NoSuchJob, Refused},
    problems::job_not_live,
    routes::admin::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    jobs::{self, JobRecord},
};

/// Cancel a job
///
/// One that waits is `cancelled` at once. One that runs is told so and has
/// `cancel_requested`, until it ends: it may have been done all the same.
#[utoipa::path(
    post,
    path = "/v1/admin/jobs/{id}/cancel",
    operation_id = "cancel_job",
    tag = "admin",
    params(JobId),
    responses(
        (status = 202, description = "It is cancelled, or told to end", body = JobRecord),
        NoSuchJob,
        JobNotLive,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let known = super::known(&state, &id).await?;
    let cancelled = jobs::cancel(&state.ops, known.id).await;
    let cancelled = cancelled.map_err(|error| Problem::database(&error))?;
    let job = cancelled.ok_or_else(job_not_live)?;
    tracing::info!(job.id = %job.id, actor = principal.id, "job.cancel_requested");
    Ok(told(HttpResponse::Accepted(), &job))
}
