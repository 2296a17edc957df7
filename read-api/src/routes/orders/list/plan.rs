//! What a list costs the database.

use super::{
    request::{ListRequest, PARAMETERS},
    store,
};
use crate::cursor::{Keyset, Place};
use actix_web::HttpRequest;
use infra::http::{Problem, Query};
use sqlx::PgPool;
use uuid::Uuid;

/// Why a list has no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The request would be refused.
    #[error("the request is not one for a list: {0}")]
    Request(Problem),
    /// The views cannot be asked.
    #[error("the list cannot be explained")]
    Database(#[from] sqlx::Error),
}

/// How the database carries out the list that `request` asks for, after the
/// order with this sort value (times in microseconds since 1970) and id if one
/// is given: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` of the very statement.
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
    let mut list = ListRequest {
        place: after.map(|(value, id)| Place::after(Keyset { value, id })),
        ..list
    };
    list.chosen.resolve(views).await?;
    Ok(store::plan(views, &list).await?)
}
