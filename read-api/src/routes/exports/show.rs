//! `GET /v1/exports/{id}`: one export in the background.

use crate::{
    documented::{ExportId, NoSuchExport, Refused},
    files::Download,
    problems::export_not_found,
    routes::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    exports::{self, Export},
    http::{Principal, Problem, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

/// An export with a link to its file.
#[derive(Serialize, ToSchema)]
pub struct ExportWithDownload {
    /// The export.
    #[serde(flatten)]
    export: Export,
    /// Where its file is; null unless its state is `done`.
    download: Option<Download>,
}

/// One export
///
/// How far it is, and once it is `done` a link to its file, which whoever has it
/// may read for an hour. Ask again for another one.
#[utoipa::path(
    get,
    path = "/v1/exports/{id}",
    operation_id = "get_export",
    tag = "exports",
    params(ExportId),
    responses(
        (status = 200, description = "The export", body = ExportWithDownload),
        NoSuchExport,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let id = id.parse().map_err(|_| export_not_found())?;
    let found = exports::find(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    let export = found.ok_or_else(export_not_found)?;
    let download = state.files.download(&export).await?;
    let shown = ExportWithDownload { export, download };
    Ok(told(HttpResponse::Ok(), &shown))
}
