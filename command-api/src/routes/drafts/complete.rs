//! `POST /v1/drafts/{id}/complete`: place a draft.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
    request::Time,
};
use domain::order::command::CompleteDraft;
use infra::{clock, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// When a draft is placed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"placed_at": "2026-11-23T08:30:00Z"}))]
pub struct CompleteDraftBody {
    /// When it was placed; now, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Time>,
}

answers!(Answers: 200 "Placed"; ANY, &["order_not_draft", "order_cancelled", "no_lines", "amount_overflow"]);

/// Complete a draft
///
/// Its content becomes binding as it is; it needs a line.
#[utoipa::path(
    post,
    path = "/v1/drafts/{id}/complete",
    operation_id = "complete_draft",
    tag = "drafts",
    params(OnOrder),
    request_body = CompleteDraftBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CompleteDraftBody>) -> Result<Answer, Problem> {
    let placed_at = body.placed_at.map_or_else(clock::now, Into::into);
    call.carry_out(CompleteDraft { placed_at }).await
}
