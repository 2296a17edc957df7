//! `GET /v1/statistics/orders`: counts and sums by time.

mod answer;
mod request;
mod series;
mod store;

pub use request::PARAMETERS;

use super::cached;
use crate::{
    documented::{Conditional, MinPosition, Refused, ToldFigures},
    routes::orders::list::FilterParameters,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
pub use answer::Statistics;
use infra::http::{Principal, Problem, Query};
use request::{StatisticsParameters, StatisticsRequest};

/// Statistics of orders
///
/// Counts and sums, grouped as asked, by one of two dates. `by=order_date`:
/// everything counts when its order was placed (`placed_at`), whenever it
/// happened: a refund on Tuesday of an order of Monday lowers Monday.
/// `by=event_date`: everything counts when it happened, as a difference to
/// what was before: the refund counts on Tuesday, and Monday stays. Over the
/// whole range of time both come to the same.
///
/// Drafts count only once they are placed. Currencies are never mixed: the
/// currency is always part of the group. Credits count with their negative
/// amounts, cancelled orders with 0. Statuses are those that the orders have
/// now; they can be grouped by with `order_date` only. Filters choose orders as
/// they are now, as those of `GET /v1/orders` do; `platform`, `currency`,
/// `country` and `kind` cost nothing, and so do statuses with `order_date`. For
/// any other the orders that are chosen are counted one by one, which may take
/// too long where they are very many: 503 `took_too_long`. Periods are in UTC, or with `time_zone`
/// days, weeks and months there; where that is off UTC by a part of an hour,
/// an hour counts in the day in which it begins. Figures come from a cache
/// while they are those of the views, or under a second old; `Age` says how
/// old, `version` of which state they are.
#[utoipa::path(
    get,
    path = "/v1/statistics/orders",
    operation_id = "get_order_statistics",
    tag = "statistics",
    params(StatisticsParameters, FilterParameters, MinPosition, Conditional),
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
    cached::reply(&state, &request, asked).await
}
