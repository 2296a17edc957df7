//! `POST /v1/orders/{id}/cancel`: call an order, or some of it, off.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, UNITS, answers},
    request::{LineUnitsBody, required},
};
use domain::{
    order::command::{CancelLines, CancelOrder, OrderCommand},
    text::Words,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why an order is called off, and how much of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "ordered twice"}))]
pub struct CancelOrderBody {
    /// Why, in words; needed. Personal data (free text).
    #[schema(value_type = String)]
    reason: Option<Words>,
    /// Units of lines, each line once; the whole order, if absent.
    lines: Option<Vec<LineUnitsBody>>,
}

impl CancelOrderBody {
    fn command(self) -> Result<OrderCommand, Problem> {
        let reason = Some(required(self.reason)?);
        Ok(match self.lines.map(LineUnitsBody::units) {
            Some(lines) => CancelLines { lines, reason }.into(),
            None => CancelOrder {
                reason,
                occurred_at: None,
            }
            .into(),
        })
    }
}

answers!(Answers: 200 "Cancelled"; LIVE_SALE, UNITS, &["fulfillments_live", "returns_open", "exceeds_open", "reason_required"]);

/// Cancel an order
///
/// The whole of it needs no live fulfilment and no open return; cancelling a
/// cancelled order changes nothing. With `lines`, units that are not fulfilled
/// are called off. The answer says what is to be voided and refunded.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancel_order",
    tag = "orders",
    params(OnOrder),
    request_body = CancelOrderBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CancelOrderBody>) -> Result<Answer, Problem> {
    call.carry_out(body.command()?).await
}
