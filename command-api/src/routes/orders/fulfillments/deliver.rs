//! `POST /v1/orders/{id}/fulfillments/{fulfillment}/deliver`: record that a fulfilment arrived.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::Time,
};
use domain::order::{Part, command::DeliverFulfillment};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// When goods arrived.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"occurred_at": "2026-11-23T16:00:00Z"}))]
pub struct DeliverBody {
    /// When it happened, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Time>,
}

answers!(Answers: 200 "Delivered"; SALE, &["fulfillment_not_found", "wrong_fulfillment_status"]);

/// Deliver a fulfilment
///
/// Only what was shipped. What arrived already changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/fulfillments/{fulfillment}/deliver",
    operation_id = "deliver_fulfillment",
    tag = "goods",
    params(OnOrder, ("fulfillment" = String, Path, description = "Id of the fulfilment, e.g. `f1`")),
    request_body = DeliverBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<DeliverBody>) -> Result<Answer, Problem> {
    let command = DeliverFulfillment {
        fulfillment: call.part("fulfillment", Part::Fulfillment)?,
        occurred_at: body.occurred_at.map(Into::into),
    };
    call.carry_out(command).await
}
