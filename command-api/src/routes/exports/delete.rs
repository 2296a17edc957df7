//! `DELETE /v1/exports/{id}`: nobody sees it any more.

use crate::{
    call::{Asked, Nothing},
    documented::{OnExport, answers},
    exports::export_not_found,
    routes::exports::named,
};
use actix_web::HttpResponse;
use infra::{exports, http::Problem};

answers!(
    Answers: 204 "Deleted" as None;
    &["export_not_found", "no_object_storage"]; without orders
);

/// Delete an export
///
/// With its file; links to that end at once. One that is being written is told to
/// end.
#[utoipa::path(
    delete,
    path = "/v1/exports/{id}",
    operation_id = "delete_export",
    tag = "exports",
    params(OnExport),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let (api, id) = named(&call)?;
    let deleted = exports::delete(api.ops(), id).await;
    if !deleted.map_err(|error| Problem::database(&error))? {
        return Err(export_not_found());
    }
    tracing::info!(export.id = %id, actor = call.principal.id, "export.deleted");
    Ok(HttpResponse::NoContent().finish())
}
