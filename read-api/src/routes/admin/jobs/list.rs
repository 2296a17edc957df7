//! `GET /v1/admin/jobs`: the ledger.

use crate::{
    cursor::QueryHash,
    documented::{JobFilters, Paging, Refused},
    paging,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query, query::invalid},
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
    let hash = QueryHash::of(&format!("jobs {filter:?}"));
    if let Some(cursor) = query.one("cursor")? {
        filter.before = Some(state.cursors.open(hash, cursor).await?.keyset.id);
    }
    let data = jobs::list(&state.ops, &filter, paging::one_more(limit)).await;
    let mut data = data.map_err(|error| Problem::database(&error))?;
    let listed = (&state.cursors, hash);
    let next_cursor = paging::cut(listed, &mut data, limit, |job| job.id).await?;
    let page = JobList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(super::super::told(HttpResponse::Ok(), &page))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    let state = match query.one("state")? {
        None => None,
        Some(name) => Some(JobState::named(name).ok_or_else(|| {
            let names = JobState::ALL.map(JobState::name).join(", ");
            invalid("state", format!("must be one of {names}"))
        })?),
    };
    let text = |name| -> Result<Option<String>, Problem> {
        let text = query.one(name)?;
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(invalid(name, "may not contain control characters"));
        }
        Ok(text.map(str::to_owned))
    };
    Ok(Filter {
        state,
        queue: text("queue")?,
        kind: text("kind")?,
        before: None,
    })
}
