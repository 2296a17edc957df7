//! `POST /v1/orders/{id}/cancel`: call an order off.

use crate::{
    answer::{CommandAnswer, Success, answer},
    call::{Call, order_id},
    documented::CommonProblems,
    state::CommandApi,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use domain::{
    order::{CancelOrder, OrderCommand},
    text::Words,
};
use infra::http::{JsonBody, Principal, Problem, ProblemDocument};
use serde::Deserialize;
use std::future::ready;
use utoipa::ToSchema;

/// Why an order is called off.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "ordered twice"}))]
pub struct CancelOrderBody {
    /// In words.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

/// Cancel an order
///
/// Cancelling a cancelled order changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancel_order",
    tag = "orders",
    params(
        ("id" = uuid::Uuid, Path, description = "Order id"),
        ("If-Match" = Option<String>, Header, description = "Version that the order must be at, e.g. `\"1\"`"),
        ("Idempotency-Key" = Option<String>, Header, description = "1–255 visible characters; stands for this request for ever"),
    ),
    request_body = CancelOrderBody,
    responses(
        (status = 200, description = "Cancelled", body = CommandAnswer, headers(("ETag" = String), ("Idempotent-Replayed" = Option<String>, description = "`true` on the answer to a repeat"))),
        (status = 404, description = "`order_not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`not_for_kind`, `contended`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`", body = ProblemDocument, content_type = "application/problem+json"),
        CommonProblems,
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    api: Data<CommandApi>,
    request: HttpRequest,
    principal: Principal,
    path: Path<String>,
    body: JsonBody<CancelOrderBody>,
) -> Result<HttpResponse, Problem> {
    let call = Call::new(&api, &request, &principal, &body.bytes)?;
    let reason = body.value.reason;
    let outcome = call
        .execute(&api, order_id(&path)?, |_| {
            let reason = reason.clone();
            ready(Ok(OrderCommand::Cancel(CancelOrder { reason })))
        })
        .await?;
    answer(&outcome, Success::Done)
}
