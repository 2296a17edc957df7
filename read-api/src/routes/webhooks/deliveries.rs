//! `GET /v1/webhooks/deliveries`: what was told, and what was not.

use crate::{
    cursor::QueryHash,
    documented::{DeliveryFilters, Paging, Refused},
    paging,
    routes::told,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query, query::invalid},
    webhooks::{self, Delivery, DeliveryState, Filter},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "endpoint",
    "state",
    "event_type",
    "order",
    "cursor",
    "limit",
];

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub struct DeliveryList {
    /// The newest first.
    data: Vec<Delivery>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Webhook deliveries
///
/// What endpoints were told, are told, or have missed, the newest first.
#[utoipa::path(
    get,
    path = "/v1/webhooks/deliveries",
    operation_id = "list_webhook_deliveries",
    tag = "webhooks",
    params(DeliveryFilters, Paging),
    responses((status = 200, description = "The deliveries", body = DeliveryList), Refused),
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
    let hash = QueryHash::of(&format!("deliveries {filter:?}"));
    if let Some(cursor) = query.one("cursor")? {
        filter.before = Some(state.cursors.open(hash, cursor).await?.keyset.id);
    }
    let data = webhooks::list_deliveries(&state.ops, &filter, paging::one_more(limit)).await;
    let mut data = data.map_err(|error| Problem::database(&error))?;
    let listed = (&state.cursors, hash);
    let next_cursor = paging::cut(listed, &mut data, limit, |delivery| delivery.id).await?;
    let page = DeliveryList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    let state = match query.one("state")? {
        None => None,
        Some(name) => Some(DeliveryState::named(name).ok_or_else(|| {
            let names = DeliveryState::ALL.map(DeliveryState::name).join(", ");
            invalid("state", format!("must be one of {names}"))
        })?),
    };
    let event_type = query.one("event_type")?;
    if event_type.is_some_and(|text| text.contains('\0')) {
        return Err(invalid("event_type", "may not contain control characters"));
    }
    Ok(Filter {
        endpoint: query.parsed("endpoint", "the id of an endpoint")?,
        state,
        event_type: event_type.map(str::to_owned),
        order: query.parsed("order", "the id of an order")?,
        before: None,
    })
}
