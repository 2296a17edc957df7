//! `GET /v1/admin/parked`: all that waits.

use crate::{
    cursor::{Keyset, Place, QueryHash},
    documented::{OfProjection, Paging, Refused},
    paging,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    views::parked::{self, Parked},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[super::PROJECTION, "cursor", "limit"];

/// A page of what waits.
#[derive(Serialize, ToSchema)]
pub struct ParkedList {
    /// In the order in which it was parked.
    data: Vec<Parked>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Parked orders
///
/// Orders that wait because an event of theirs cannot be read or applied, with
/// the reason. They are served as they were before it. With `projection` whatever
/// else may be parked, such as products.
#[utoipa::path(
    get,
    path = "/v1/admin/parked",
    operation_id = "list_parked_orders",
    tag = "admin",
    params(OfProjection, Paging),
    responses((status = 200, description = "What waits", body = ParkedList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let limit = paging::limit(&query)?;
    let projection = super::projection(&state, &query).await?;
    let hash = QueryHash::of(&format!("parked {projection}"));
    let after = match query.one("cursor")? {
        Some(cursor) => state.cursors.open(hash, cursor).await?.keyset.value,
        None => 0,
    };
    let data = parked::list(&state.views, &projection, after, paging::one_more(limit)).await;
    let mut data = data.map_err(|error| Problem::database(&error))?;
    let has_more = data.len() > limit;
    data.truncate(limit);
    let next_cursor = match data.last().filter(|_| has_more) {
        Some(last) => {
            let last = Keyset {
                value: last.number,
                id: Uuid::nil(),
            };
            Some(state.cursors.seal(hash, Place::after(last)).await?)
        }
        None => None,
    };
    let page = ParkedList {
        data,
        has_more,
        next_cursor,
    };
    Ok(super::told(HttpResponse::Ok(), &page))
}
