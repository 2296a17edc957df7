//! `GET /v1/exports`: exports in the background.

use crate::{
    documented::{ExportFilters, Paging, Refused},
    paging::{self, ById},
    routes::told,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    exports::{self, Export, ExportKind, ExportState, Filter},
    http::{Principal, Problem, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["state", "kind", "cursor", "limit"];

/// A page of exports.
#[derive(Serialize, ToSchema)]
pub struct ExportList {
    /// The newest first.
    data: Vec<Export>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Exports in the background
///
/// What was asked for with `POST /v1/exports`, the newest first, and what became
/// of it. Links to files are told of one export at a time.
#[utoipa::path(
    get,
    path = "/v1/exports",
    operation_id = "list_exports",
    tag = "exports",
    params(ExportFilters, Paging),
    responses((status = 200, description = "The exports", body = ExportList), Refused),
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
    let listed = format!("exports {filter:?}");
    let page = ById::of(&state.cursors, &query, limit, &listed).await?;
    filter.before = page.after;
    let listed = exports::list(&state.ops, &filter, page.one_more()).await;
    let (data, next_cursor) = page.cut(listed, |export| export.id).await?;
    let page = ExportList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    Ok(Filter {
        state: query.one_of("state", &ExportState::ALL, ExportState::name)?,
        kind: query.one_of("kind", &ExportKind::ALL, ExportKind::name)?,
        before: None,
    })
}
