//! `GET /v1/orders/{id}/diff`: what changed between two versions of an order.

use super::{
    order_id,
    past::{Moment, Past, version},
};
use crate::{
    difference::{Change, difference},
    documented::{NoSuchMoment, OrderId, Refused, ToldOnce},
    problems::{order_not_found, version_not_found},
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem, Query, query::invalid};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["from", "to"];

/// What changed between two versions of an order.
#[derive(Serialize, ToSchema)]
pub struct OrderDiff {
    /// The order
    id: Uuid,
    /// The earlier version
    #[schema(example = 1)]
    from: i64,
    /// The later version
    #[schema(example = 4)]
    to: i64,
    /// Every part that differs
    changes: Vec<Change>,
}

/// Difference of two versions
///
/// Every part of the order that is another one in version `to` than it was in
/// version `from`, with both values. Lines, payments and whatever else has an
/// `id` are held against those of the same id. Like every answer about the past
/// it is folded from the log, and behind nothing.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/diff",
    operation_id = "diff_order",
    tag = "orders",
    params(
        OrderId,
        ("from" = Option<i64>, Query, minimum = 1, description = "The earlier version; if absent, the one before `to`"),
        ("to" = Option<i64>, Query, minimum = 1, description = "The later version; if absent, the newest"),
        ("If-None-Match" = Option<String>, Header, description = "Tags that the client has"),
    ),
    responses(ToldOnce<OrderDiff>, NoSuchMoment, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let (from, to) = (version(&query, "from")?, version(&query, "to")?);
    let id = order_id(&id)?;
    let past = Past::of(&state.log, id).await?;
    let mut past = past.ok_or_else(order_not_found)?;
    let to = to.unwrap_or(past.newest());
    let from = from.unwrap_or((to - 1).max(1));
    if from > to {
        return Err(invalid("from", "must not be after to"));
    }
    if to > past.newest() {
        return Err(version_not_found(past.newest()));
    }
    let before = at(&mut past, from).await?;
    let after = at(&mut past, to).await?;
    let diff = OrderDiff {
        id,
        from,
        to,
        changes: difference(&before, &after),
    };
    let json = serde_json::to_string(&diff).map_err(Problem::internal)?;
    let mut hash = TagHash::of("diff");
    hash.add(json.as_bytes());
    Ok(Reply::new(format!("\"{}\"", hash.finish())).send(&request, json))
}

async fn at(past: &mut Past<'_>, version: i64) -> Result<Value, Problem> {
    past.advance(Moment::Version(version)).await?;
    serde_json::to_value(past.order()).map_err(Problem::internal)
}
