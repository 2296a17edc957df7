//! `POST /v1/orders/{id}/notes`: write something down on an order.

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
    order::{AddNote, OrderCommand},
    text::Words,
};
use infra::http::{JsonBody, Principal, Problem, ProblemDocument};
use serde::Deserialize;
use std::future::ready;
use utoipa::ToSchema;

/// What to write down.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Customer asks for delivery after five."}))]
pub struct AddNoteBody {
    /// At most 2,000 characters.
    #[schema(value_type = String)]
    text: Words,
}

/// Add a note
///
/// The answer has the note's id in `note_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/notes",
    operation_id = "add_note",
    tag = "orders",
    params(
        ("id" = uuid::Uuid, Path, description = "Order id"),
        ("If-Match" = Option<String>, Header, description = "Version that the order must be at, e.g. `\"1\"`"),
        ("Idempotency-Key" = Option<String>, Header, description = "1–255 visible characters; stands for this request for ever"),
    ),
    request_body = AddNoteBody,
    responses(
        (status = 200, description = "Noted", body = CommandAnswer, headers(("ETag" = String), ("Idempotent-Replayed" = Option<String>, description = "`true` on the answer to a repeat"))),
        (status = 404, description = "`order_not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`contended`", body = ProblemDocument, content_type = "application/problem+json"),
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
    body: JsonBody<AddNoteBody>,
) -> Result<HttpResponse, Problem> {
    let call = Call::new(&api, &request, &principal, &body.bytes)?;
    let text = body.value.text;
    let outcome = call
        .execute(&api, order_id(&path)?, |_| {
            let text = text.clone();
            ready(Ok(OrderCommand::AddNote(AddNote { text })))
        })
        .await?;
    answer(&outcome, Success::Done)
}
