//! `PATCH /v1/orders/{id}/fulfillments/{fulfillment}/tracking`: correct where a parcel is.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
};
use domain::{
    order::{
        Part,
        command::{NewTracking, UpdateTracking},
    },
    text::Id,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Where a parcel is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"carrier": "dhl", "tracking_number": "00340434161094042557"}))]
pub struct TrackingBody {
    /// Who carries it.
    #[schema(value_type = Option<String>)]
    carrier: Option<Id>,
    /// The carrier's number.
    #[schema(value_type = Option<String>)]
    tracking_number: Option<Id>,
    /// Where to look it up.
    #[schema(value_type = Option<String>)]
    tracking_url: Option<Id>,
}

answers!(Answers: 200 "Updated"; SALE, &["fulfillment_not_found", "wrong_fulfillment_status"]);

/// Update the tracking
///
/// Once the fulfilment was shipped, also after it arrived. Replaces all of it.
#[utoipa::path(
    patch,
    path = "/v1/orders/{id}/fulfillments/{fulfillment}/tracking",
    operation_id = "update_tracking",
    tag = "goods",
    params(OnOrder, ("fulfillment" = String, Path, description = "Id of the fulfilment, e.g. `f1`")),
    request_body = TrackingBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<TrackingBody>) -> Result<Answer, Problem> {
    let command = UpdateTracking {
        fulfillment: call.part("fulfillment", Part::Fulfillment)?,
        tracking: NewTracking {
            carrier: body.carrier,
            tracking_number: body.tracking_number,
            tracking_url: body.tracking_url,
        },
    };
    call.carry_out(command).await
}
