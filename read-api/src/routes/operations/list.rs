//! `GET /v1/operations`: what is carried out in the background, and was.

use crate::{
    documented::{OperationFilters, Paging, Refused},
    paging::{self, ById},
    routes::told,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    operations::{self, Filter, Operation, OperationState},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["state", "cursor", "limit"];

/// A page of operations.
#[derive(Serialize, ToSchema)]
pub struct OperationList {
    /// The newest first.
    data: Vec<Operation>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Operations
///
/// Bulk requests that are carried out in the background, or were, the newest
/// first. They are kept for some weeks after their end.
#[utoipa::path(
    get,
    path = "/v1/operations",
    operation_id = "list_operations",
    tag = "bulk",
    params(OperationFilters, Paging),
    responses((status = 200, description = "The operations", body = OperationList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let limit = paging::limit(&query)?;
    let mut filter = Filter {
        state: query.one_of("state", OperationState::ALL, OperationState::name)?,
        before: None,
    };
    let listed = format!("operations {filter:?}");
    let page = ById::of(&state.cursors, &query, limit, &listed).await?;
    filter.before = page.after;
    let listed = operations::list(&state.ops, &filter, page.one_more()).await;
    let (data, next_cursor) = page.cut(listed, |operation| operation.id).await?;
    let page = OperationList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}
