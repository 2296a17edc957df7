//! `GET /v1/admin/jobs/{id}`: one job.

use crate::{
    documented::{JobId, NoSuchJob, Refused},
    routes::admin::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    jobs::JobRecord,
};

/// One job
///
/// With its payload, progress, result and last failures.
#[utoipa::path(
    get,
    path = "/v1/admin/jobs/{id}",
    operation_id = "get_job",
    tag = "admin",
    params(JobId),
    responses((status = 200, description = "The job", body = JobRecord), NoSuchJob, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let job = super::known(&state, &id).await?;
    Ok(told(HttpResponse::Ok(), &job))
}
