//! `GET /v1/webhooks/deliveries/{id}`: one of them, with its requests.

use crate::{
    documented::{DeliveryId, NoSuchDelivery, Refused},
    problems::delivery_not_found,
    routes::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    webhooks::{self, Attempt, Delivery},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Requests that are shown, the last ones.
const REQUESTS: i64 = 50;

/// A delivery with its requests.
#[derive(Serialize, ToSchema)]
pub struct DeliveryWithAttempts {
    /// The delivery.
    #[serde(flatten)]
    delivery: Delivery,
    /// The body of every request.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
    /// The last requests, and what was answered; the first first.
    requests: Vec<Attempt>,
}

/// One delivery
///
/// With the body of its requests, and what each of them was answered: the
/// beginning of that, as the receiver may have said something that helps.
#[utoipa::path(
    get,
    path = "/v1/webhooks/deliveries/{id}",
    operation_id = "get_webhook_delivery",
    tag = "webhooks",
    params(DeliveryId),
    responses(
        (status = 200, description = "The delivery", body = DeliveryWithAttempts),
        NoSuchDelivery,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let id = id.parse().map_err(|_| delivery_not_found())?;
    let found = webhooks::find_delivery(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    let delivery = found.ok_or_else(delivery_not_found)?;
    let body = webhooks::body(&state.ops, id).await;
    let body = body.map_err(|error| Problem::database(&error))?;
    let body = RawValue::from_string(body).map_err(Problem::internal)?;
    let requests = webhooks::attempts(&state.ops, id, REQUESTS).await;
    let requests = requests.map_err(|error| Problem::database(&error))?;
    let shown = DeliveryWithAttempts {
        delivery,
        body,
        requests,
    };
    Ok(told(HttpResponse::Ok(), &shown))
}
