//! `POST /v1/orders/{id}/fulfillments/{fulfillment}/ship`: send a fulfilment
//! off.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, answers},
    request::Time,
};
use domain::{
    order::{
        Part,
        command::{NewTracking, ShipFulfillment},
    },
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use std::future::ready;
use utoipa::ToSchema;

/// How a fulfilment leaves.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"carrier": "dhl", "tracking_number": "00340434161094042557", "tracking_url": "https://www.dhl.com/track?id=00340434161094042557"}))]
pub struct ShipBody {
    /// Who carries it.
    #[schema(value_type = Option<String>)]
    carrier: Option<Id>,
    /// The carrier's number.
    #[schema(value_type = Option<String>)]
    tracking_number: Option<Id>,
    /// Where to look it up.
    #[schema(value_type = Option<String>)]
    tracking_url: Option<Id>,
    /// Ship it although it is neither paid nor authorised; needs a reason.
    #[serde(default)]
    force: bool,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
    /// When it happened, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Time>,
}

impl ShipBody {
    fn command(self, fulfillment: Id) -> ShipFulfillment {
        ShipFulfillment {
            fulfillment,
            tracking: NewTracking {
                carrier: self.carrier,
                tracking_number: self.tracking_number,
                tracking_url: self.tracking_url,
            },
            allow_unpaid: false,
            force: self.force,
            reason: self.reason,
            occurred_at: self.occurred_at.map(Into::into),
        }
    }
}

answers!(Answers: 200 "Shipped"; LIVE_SALE, &["fulfillment_not_found", "wrong_fulfillment_status", "on_hold", "unpaid", "reason_required"]);

/// Ship a fulfilment
///
/// Not while a hold is on. What is neither paid nor authorised in full only if
/// the platform allows it, or by `force`, with a reason.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/fulfillments/{fulfillment}/ship",
    operation_id = "ship_fulfillment",
    tag = "goods",
    params(OnOrder, ("fulfillment" = String, Path, description = "Id of the fulfilment, e.g. `f1`")),
    request_body = ShipBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ShipBody>) -> Result<Answer, Problem> {
    let command = body.command(call.part("fulfillment", Part::Fulfillment)?);
    call.by_rules(|_, rules| {
        let mut command = command.clone();
        command.allow_unpaid = rules.is_some_and(|rules| rules.allow_unpaid_shipping);
        ready(Ok(command.into()))
    })
    .await
}
