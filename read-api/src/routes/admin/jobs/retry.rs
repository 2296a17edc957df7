//! `POST /v1/admin/jobs/{id}/retry`: a new chance.

use crate::{
    documented::{JobId, JobNotRetryable, NoSuchJob, Refused},
    problems::job_not_retryable,
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

/// Retry a job
///
/// One that is dead or cancelled waits again, and its attempts are counted
/// anew.
#[utoipa::path(
    post,
    path = "/v1/admin/jobs/{id}/retry",
    operation_id = "retry_job",
    tag = "admin",
    params(JobId),
    responses(
        (status = 202, description = "It waits", body = JobRecord),
        NoSuchJob,
        JobNotRetryable,
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
    let retried = jobs::retry(&state.ops, known.id).await;
    let retried = retried.map_err(|error| Problem::database(&error))?;
    let job = retried.ok_or_else(job_not_retryable)?;
    tracing::info!(job.id = %job.id, actor = principal.id, "job.retried");
    Ok(told(HttpResponse::Accepted(), &job))
}
