//! `GET /v1/orders/{id}`: one order.

use super::{
    cached::{self, Found},
    marked, not_found, order_id,
    past::{self, Moment},
    store,
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    documented::{
        AtMoment, Conditional, FieldsOf, MinPosition, MinVersion, NoSuchMoment, OrderId, Refused,
        Told,
    },
    fields::{self, Fields},
    lag,
    reply::Reply,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AGE,
    web::{Data, Path},
};
use contracts::order::Order;
use infra::http::{Principal, Problem, Query};
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["fields", "version", "as_of", "min_version", "min_position"];

/// One order
///
/// The document as the projection stored it. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while
/// nothing has changed, and as `If-Match` to commands. It may come from a
/// cache, which forgets it when it changes, and after five seconds at the
/// latest; `min_version` and `min_position` are never answered with less. While
/// the order is parked, neither is waited for.
///
/// With `version` or `as_of` it is the order as it was, folded from the log by
/// today's rules: the same shape, behind nothing, with a tag of its content.
/// What was erased since is erased in it too.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "get_order",
    tag = "orders",
    params(OrderId, FieldsOf, AtMoment, MinVersion, MinPosition, Conditional),
    responses(Told<Order>, NoSuchMoment, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let fields = Fields::of(&query, &fields::ORDER)?;
    let id = order_id(&id)?;
    if let Some(moment) = Moment::of(&query)? {
        return past::answer(&request, &state, id, moment, fields.as_ref()).await;
    }
    let read = || store::order(state.views.clone(), id);
    let order = cached::order(&request, &state, &consistency, id, read).await?;
    let order = cut(order, fields.as_ref())?;
    answer(&request, &state, &consistency, (id, order)).await
}

/// The order with some of its fields, where some are asked for. Its tag stays:
/// the question is part of what the tag is of.
pub fn cut(order: Option<Found>, fields: Option<&Fields>) -> Result<Option<Found>, Problem> {
    match (order, fields) {
        (Some(order), Some(fields)) if !order.json.is_empty() => {
            let json = std::str::from_utf8(&order.json).map_err(Problem::internal)?;
            let json = fields.of_stored(json)?.into();
            Ok(Some(Found { json, ..order }))
        }
        (order, _) => Ok(order),
    }
}

/// The order of an id as an answer; 404 without one.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    (id, order): (Uuid, Option<Found>),
) -> Result<HttpResponse, Problem> {
    let lag = state.lag.header();
    let Some(order) = order else {
        let lag = lag.to_str().unwrap_or_default().to_owned();
        return Err(not_found(state, id).await.header(lag::HEADER, lag));
    };
    let age = order.age.map(|age| age.as_secs().to_string());
    Ok(marked(Reply::new(order.etag.to_string()), order.parked)
        .header(lag::HEADER, lag)
        .maybe(AGE, age)
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .send(request, order.json))
}
