//! `GET /v1/webhooks/deliveries`: what was told, and what was not.

use crate::{
    documented::{DeliveryFilters, Paging, Refused},
    paging::{self, ById},
    routes::told,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
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
    let listed = format!("deliveries {filter:?}");
    let page = ById::of(&state.cursors, &query, limit, &listed).await?;
    filter.before = page.after;
    let listed = webhooks::list_deliveries(&state.ops, &filter, page.one_more()).await;
    let (data, next_cursor) = page.cut(listed, |delivery| delivery.id).await?;
    let page = DeliveryList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    Ok(Filter {
        endpoint: query.parsed("endpoint", "the id of an endpoint")?,
        state: query.one_of("state", &DeliveryState::ALL, DeliveryState::name)?,
        event_type: query.text("event_type")?,
        order: query.parsed("order", "the id of an order")?,
        before: None,
    })
}
