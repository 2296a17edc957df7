//! `GET /v1/admin/jobs`: the ledger.

use crate::{
    documented::{JobFilters, Paging, Refused},
    paging::{self, ById},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    jobs::{self, Filter, JobRecord, JobState},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["state", "queue", "kind", "cursor", "limit"];

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub struct JobList {
    /// The newest first.
    data: Vec<JobRecord>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Jobs
///
/// Work that happens outside of requests, the newest first: what waits, what
/// is being done, and what came of it as long as that is kept.
#[utoipa::path(
    get,
    path = "/v1/admin/jobs",
    operation_id = "list_jobs",
    tag = "admin",
    params(JobFilters, Paging),
    responses((status = 200, description = "The jobs", body = JobList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let limit = paging::limit(&query)?;
    let mut filter = filter(&query)?;
    let listed = format!("jobs {filter:?}");
    let page = ById::of(&state.cursors, &query, limit, &listed).await?;
    filter.before = page.after;
    let listed = jobs::list(&state.ops, &filter, page.one_more()).await;
    let (data, next_cursor) = page.cut(listed, |job| job.id).await?;
    let page = JobList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(super::super::told(HttpResponse::Ok(), &page))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    Ok(Filter {
        state: query.one_of("state", &JobState::ALL, JobState::name)?,
        queue: query.text("queue")?,
        kind: query.text("kind")?,
        before: None,
    })
}
