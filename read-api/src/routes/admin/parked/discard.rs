//! `POST /v1/admin/parked/{id}/discard`: a record that names no order is nobody's.

use crate::{
    documented::{NotParked, OfProjection, OrdersStay, ParkedId, Refused, RefusedBody},
    problems::{not_a_record, not_parked},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Problem, Query, Sent},
    views::discards::{self, Discard, DiscardError},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Why it may go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "written by a test of the warehouse"}))]
pub struct DiscardRequest {
    /// For whoever reads it later; not empty, at most 1,000 characters
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Discard a parked record
///
/// Of a record that names no order nobody can say what it is for: where it is
/// nobody's, this lets it go. Who has said so, and why, is kept. The record
/// itself stays on Kafka. Orders are never discarded.
#[utoipa::path(
    post,
    path = "/v1/admin/parked/{id}/discard",
    operation_id = "discard_parked_record",
    tag = "admin",
    params(ParkedId, OfProjection),
    request_body = DiscardRequest,
    responses(
        (status = 200, description = "It is parked no more", body = Discard),
        NotParked,
        OrdersStay,
        Refused,
        RefusedBody
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    Sent { principal, body }: Sent<DiscardRequest>,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &[super::PROJECTION])?;
    let id = super::id(&id)?;
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1_000 || reason.contains('\0') {
        return Err(Problem::bad_request(
            "invalid_body",
            "The body does not have the documented shape",
        )
        .detail("/reason: not empty, at most 1,000 characters, none of them zero"));
    }
    let projection = super::projection(&state, &query).await?;
    let discarded = discards::discard(&state.views, &projection, id, (&principal.id, reason)).await;
    let discarded = discarded.map_err(|error| match error {
        DiscardError::Views(error) => Problem::database(&error),
        DiscardError::NotParked => not_parked(),
        DiscardError::AnOrder => not_a_record(),
    })?;
    metrics::counter!("orderlog_parked_discarded_total", "projection" => projection).increment(1);
    Ok(super::told(HttpResponse::Ok(), &discarded))
}
