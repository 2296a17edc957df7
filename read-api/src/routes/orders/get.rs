//! `GET /v1/orders/{id}`: one order.

use super::{
    expanded, not_found, order_id,
    past::{self, Moment},
    store, wanted,
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    documented::{
        AtMoment, Conditional, ExpandOf, FieldsOf, MinPosition, MinVersion, NoSuchMoment, OrderId,
        Refused, Told,
    },
    expand::{Expand, History},
    fields::{self, Fields},
    lag,
    one::{self, Found},
    reply::{Reply, marked},
    servers::{PRIMARY, Route},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AGE, HeaderValue},
    web::{Data, Path},
};
use contracts::order::Order;
use infra::http::{Admitted, Problem, Query};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "fields",
    "expand",
    "version",
    "as_of",
    "min_version",
    "min_position",
];

/// An order; put together of stored JSON, never of this.
#[derive(Serialize, ToSchema)]
pub struct OneOrder {
    #[serde(flatten)]
    order: Order,
    #[serde(flatten)]
    history: History,
}

/// One order
///
/// The document as the projection stored it. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while
/// nothing has changed, and as `If-Match` to commands. It may come from a
/// cache, which forgets it when it changes, and after five seconds at the
/// latest; `min_version` and `min_position` are never answered with less. While
/// the order is parked, neither is waited for. With `expand` the tag is another
/// one, which says more than the version and is not for `If-Match`.
///
/// With `version` or `as_of` it is the order as it was, folded from the log by
/// today's rules: the same shape, behind nothing, with a tag of its content.
/// What was erased since is erased in it too.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "get_order",
    tag = "orders",
    params(OrderId, FieldsOf, ExpandOf, AtMoment, MinVersion, MinPosition, Conditional),
    responses(Told<OneOrder>, NoSuchMoment, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _admitted: Admitted,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request)?;
    let id = order_id(&id)?;
    let read = |route: Route| async move { route.read(|views| store::order(views, id)).await };
    asked.answer(&request, &state, id, read).await
}

/// What is asked of one order, whatever it is named by.
pub struct Asked {
    query: Query,
    consistency: Consistency,
    fields: Option<Fields>,
}

impl Asked {
    /// From the query string and `Prefer`.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let query = Query::of(request, PARAMETERS)?;
        Ok(Self {
            consistency: Consistency::of(request, &query)?,
            fields: Fields::of(&query, &fields::ORDER)?,
            query,
        })
    }

    /// The order `id`, as it was or as it is; `read` asks the views.
    pub async fn answer<Fut>(
        &self,
        request: &HttpRequest,
        state: &State,
        id: Uuid,
        read: impl Fn(Route) -> Fut,
    ) -> Result<HttpResponse, Problem>
    where
        Fut: Future<Output = one::Told> + Send + 'static,
    {
        let (consistency, fields) = (&self.consistency, self.fields.as_ref());
        if let Some(moment) = Moment::of(&self.query)? {
            let past = past::answer(request, state, id, moment, fields);
            return Box::pin(past).await;
        }
        let expand = Expand::of(&self.query)?;
        if !expand.is_empty() {
            let order = Box::pin(one::whole(state, consistency, wanted(state, id), read)).await?;
            let asked = (&expand, fields);
            let expanded = expanded::answer(request, state, consistency, asked, (id, order));
            return Box::pin(expanded).await;
        }
        let order = one::document(request, state, consistency, wanted(state, id), read).await?;
        let order = order.map(|order| order.cut(fields)).transpose()?;
        answer(request, state, consistency, (id, order)).await
    }
}

/// The order of an id as an answer; 404 without one.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    (id, order): (Uuid, Option<Found>),
) -> Result<HttpResponse, Problem> {
    let Some(order) = order else {
        let lag = state.lag.header(PRIMARY);
        let lag = lag.to_str().unwrap_or_default().to_owned();
        return Err(not_found(state, id).await.header(lag::HEADER, lag));
    };
    let etag = order.etag.to_string();
    Ok(told(request, state, consistency, (etag, order)))
}

/// An order as an answer with this tag.
pub fn told(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    (etag, order): (String, Found),
) -> HttpResponse {
    let age = order.age.map(|age| HeaderValue::from(age.as_secs()));
    let mut reply = marked(Reply::new(etag), order.parked)
        .header(lag::HEADER, state.lag.header(order.by))
        .maybe(PREFERENCE_APPLIED, consistency.applied());
    if let Some(age) = age {
        reply = reply.header(AGE, age);
    }
    if order.json.is_empty() {
        // It was compared with what the client has.
        return reply.unchanged();
    }
    reply.with_forms(order.forms).send(request, order.json)
}
