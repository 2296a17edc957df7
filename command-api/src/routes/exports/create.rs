//! `POST /v1/exports`: somebody wants a file.

use crate::{
    call::Asked,
    documented::{Headers, answers},
    refusal::{key_reused, request_spent},
    routes::exports::{exports, location, told},
};
use actix_web::{HttpResponse, http::header::LOCATION};
use infra::{
    exports::{
        self as stored, Created, ExportCompression, ExportFormat, ExportKind, Filters, NewExport,
        Wanted,
    },
    http::Problem,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to be exported.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "orders",
    "format": "csv",
    "compression": "gzip",
    "filters": {"platform": ["web", "shop"], "placed_from": "2026-01-01", "archived": false}
}))]
pub struct NewExportBody {
    /// What.
    kind: ExportKind,
    /// As what.
    format: ExportFormat,
    /// How the file is packed: `none`, `gzip` or `zstd`. Parquet is packed within, by
    /// `zstd`, and by nothing else; of others the usual is `none`.
    compression: Option<ExportCompression>,
    /// Of which rows: the parameters of `GET /v1/orders.csv` or `GET /v1/events.csv`,
    /// by their names, each a text, a number, true or false, or several texts.
    #[serde(default)]
    #[schema(value_type = Object)]
    filters: Filters,
    /// Of orders as NDJSON: which fields of them.
    #[serde(default)]
    fields: Vec<String>,
}

answers!(
    Answers: 202 "It will be made" as Some("Export");
    &["invalid_export", "no_object_storage", "idempotency_key_reused", "request_spent"]; without orders
);

/// Ask for an export
///
/// Everything that the filters choose, written into a file in the background: what
/// `GET /v1/orders.ndjson` and its like send, as of one moment, trailer included.
/// How far it is, and once it is done a link to the file, is told by
/// `GET /v1/exports/{id}`. The file is kept for some days.
#[utoipa::path(
    post,
    path = "/v1/exports",
    operation_id = "create_export",
    tag = "exports",
    params(Headers),
    request_body = NewExportBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<NewExportBody>) -> Result<HttpResponse, Problem> {
    let exports = exports(&call)?;
    let format = body.format;
    let wanted = Wanted {
        kind: body.kind,
        format,
        compression: body.compression.unwrap_or(ExportCompression::usual(format)),
        filters: body.filters,
        fields: body.fields,
    };
    exports.check(&wanted)?;
    let context = &call.context;
    let hash = context.identity.payload_hash.as_bytes().to_vec();
    let new = NewExport {
        request: (context.identity.id, hash),
        created_by: call.principal.id.clone(),
        wanted,
        traceparent: context.traceparent.clone(),
        correlation_id: context.correlation_id.clone(),
    };
    let created = stored::create(exports.ops(), &new).await;
    let (export, replayed) = match created.map_err(|error| Problem::database(&error))? {
        Created::New(export) => (export, false),
        Created::Again(export) => (export, true),
        Created::Spent => return Err(request_spent()),
        Created::Other => return Err(key_reused()),
    };
    if !replayed {
        let kind = export.kind.name();
        tracing::info!(export.id = %export.id, kind, actor = call.principal.id, "export.asked_for");
    }
    let mut response = HttpResponse::Accepted();
    response.insert_header((LOCATION, location(export.id)));
    Ok(told(response, replayed, &export))
}
