//! What a list of customers costs the database.

use super::{
    request::{ListRequest, PARAMETERS},
    store,
};
use crate::{cursor::Keyset, routes::orders::list::PlanError};
use actix_web::HttpRequest;
use infra::http::Query;
use sqlx::PgPool;
use uuid::Uuid;

/// How the database carries out the list that `request` asks for, after the customer
/// with this last order if one is given, its business time in microseconds since
/// 1970 and its id: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` of the very statement.
///
/// # Errors
/// Where the request would be refused, or the views cannot be asked.
pub async fn plan(
    views: &PgPool,
    request: &HttpRequest,
    after: Option<(i64, Uuid)>,
) -> Result<String, PlanError> {
    let query = Query::of(request, PARAMETERS).map_err(PlanError::Request)?;
    let list = ListRequest::first_page(request, &query).map_err(PlanError::Request)?;
    let list = ListRequest {
        after: after.map(|(value, id)| Keyset { value, id }),
        ..list
    };
    Ok(store::plan(views, &list).await?)
}
