//! `GET /v1/statistics/orders`: counts and sums by business day.

mod answer;
mod request;
mod store;

pub use request::PARAMETERS;

use crate::{
    consistency::PREFERENCE_APPLIED,
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    lag,
    reply::Reply,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AGE, HeaderValue},
    web::Data,
};
pub use answer::Statistics;
use answer::StatisticsError;
use infra::{
    http::{Principal, Problem, Query},
    redis::{Entry, Redis, Version, VersionedCache},
    views::STATISTICS_FAMILY,
};
use request::{StatisticsParameters, StatisticsRequest};
use std::time::Duration;

/// Cached answers.
pub type Cache = VersionedCache<StatisticsError>;

/// The cache, of which the projector announces the versions.
pub fn cache(redis: Redis) -> Cache {
    VersionedCache::new(redis, STATISTICS_FAMILY, Duration::from_mins(1))
}

/// Statistics of orders
///
/// Counts and sums by business day (`placed_at`, in UTC), grouped as asked.
/// Drafts count only once they are placed. Currencies are never mixed: the
/// currency is always part of the group. Credits count with their negative
/// amounts, cancelled orders with 0. Money is that of the orders placed on a
/// day, whenever it moved. Figures
/// come from a cache while they are those of the views, or under a second old;
/// `Age` says how old, `version` of which state they are.
#[utoipa::path(
    get,
    path = "/v1/statistics/orders",
    operation_id = "get_order_statistics",
    tag = "statistics",
    params(StatisticsParameters, MinPosition, Conditional),
    responses(ToldFigures<Statistics>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let asked = StatisticsRequest::of(&request, &query)?;
    let at_least = awaited(&state, &asked).await?;
    let entry = entry(&state, &asked, at_least).await?;
    let (etag, body) = answer::unpacked(&entry.value);
    Ok(Reply::new(etag)
        .header(lag::HEADER, state.lag.header())
        .header(AGE, HeaderValue::from(entry.age().as_secs()))
        .maybe(PREFERENCE_APPLIED, asked.consistency.applied())
        .send(&request, body))
}

/// Waits for the position that is asked for; the state that has it.
async fn awaited(state: &State, asked: &StatisticsRequest) -> Result<Option<Version>, Problem> {
    let reached = asked.consistency.wait(state, None).await?;
    if !(reached && asked.consistency.has_position()) {
        return Ok(None);
    }
    let version = store::version(&state.views).await;
    version.map(Some).map_err(|error| Problem::database(&error))
}

async fn entry(
    state: &State,
    asked: &StatisticsRequest,
    at_least: Option<Version>,
) -> Result<Entry, Problem> {
    let compute = || answer::compute(state.views.clone(), asked.clone());
    state
        .statistics
        .get_or_compute(&asked.key(), at_least, compute)
        .await
        .map_err(Problem::from)
}
