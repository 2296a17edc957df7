//! `POST /v1/orders/{id}/erasures`: personal data of it is gone.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
};
use domain::{order::command::RecordErasure, text::Id};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Which erasure it was.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "erasure_id": "019ac1f0-7c3e-7a41-9c55-2f4d6d0c33aa",
    "subjects": ["3f2c5b1e-8f7a-5a30-9a6b-9a1f0f5e2d11"],
    "requested_by": "key_019ac1f07c3e7a419c552f4d6d0c44aa",
    "reference": "case 12"
}))]
pub struct RecordErasureBody {
    /// The same for all orders of one erasure.
    erasure_id: Uuid,
    /// Whose keys were deleted: `personal.subject` of what nobody can open any more.
    #[serde(default)]
    subjects: Vec<Uuid>,
    /// Who asked for it: id of an API key.
    #[schema(value_type = String)]
    requested_by: Id,
    /// The requester's own name for the case. Not personal data: it is told to
    /// everybody.
    #[schema(value_type = Option<String>)]
    reference: Option<Id>,
}

answers!(Answers: 200 "Recorded"; ANY);

/// Record an erasure
///
/// What `POST /v1/customers/erase` does for each order once keys are deleted; by
/// itself it erases nothing. Read models write the order anew from the log, so
/// whoever has deleted a key by other means has copies follow by this.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/erasures",
    operation_id = "record_erasure",
    tag = "customers",
    params(OnOrder),
    request_body = RecordErasureBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<RecordErasureBody>) -> Result<Answer, Problem> {
    let command = RecordErasure {
        erasure_id: body.erasure_id,
        subjects: body.subjects,
        requested_by: body.requested_by,
        reference: body.reference,
    };
    call.carry_out(command).await
}
