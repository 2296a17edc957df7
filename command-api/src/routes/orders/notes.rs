//! `POST /v1/orders/{id}/notes`: write something down on an order.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
};
use domain::{order::command::AddNote, text::Words};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What to write down.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Customer asks for delivery after five."}))]
pub struct AddNoteBody {
    /// At most 2,000 characters. Personal data (free text).
    #[schema(value_type = String)]
    text: Words,
}

answers!(Answers: 200 "Noted"; ANY);

/// Add a note
///
/// Any order takes notes, whatever became of it. The answer has the note's id in
/// `note_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/notes",
    operation_id = "add_note",
    tag = "orders",
    params(OnOrder),
    request_body = AddNoteBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AddNoteBody>) -> Result<Answer, Problem> {
    let command = AddNote { text: body.text };
    call.carry_out(command).await
}
