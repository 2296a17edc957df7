//! `POST /v1/exports/{id}/cancel`: it is not wanted any more.

use crate::{
    call::{Asked, Nothing},
    documented::{OnExport, answers},
    exports::{export_not_found, export_not_live},
    routes::exports::{location, named, told},
};
use actix_web::{HttpResponse, http::header::LOCATION};
use infra::{exports, http::Problem};

answers!(
    Answers: 202 "It is cancelled, or told to end" as Some("Export");
    &["export_not_found", "export_not_live", "no_object_storage"]; without orders
);

/// Cancel an export
///
/// One that waits is `cancelled` at once. One that is being written is told so and
/// has `cancel_requested`, until it ends: it may be done all the same.
#[utoipa::path(
    post,
    path = "/v1/exports/{id}/cancel",
    operation_id = "cancel_export",
    tag = "exports",
    params(OnExport),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let (api, id) = named(&call)?;
    let cancelled = exports::cancel(api.ops(), id).await;
    let Some(export) = cancelled.map_err(|error| Problem::database(&error))? else {
        let found = exports::find(api.ops(), id).await;
        let found = found.map_err(|error| Problem::database(&error))?;
        return Err(found.map_or_else(export_not_found, |_| export_not_live()));
    };
    tracing::info!(export.id = %id, actor = call.principal.id, "export.cancel_requested");
    let mut response = HttpResponse::Accepted();
    response.insert_header((LOCATION, location(id)));
    Ok(told(response, false, &export))
}
