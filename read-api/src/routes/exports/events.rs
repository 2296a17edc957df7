//! `GET /v1/events.ndjson`, `.csv` and `.parquet`.

use crate::{
    documented::{
        EventTypes, ExportedCsv, ExportedNdjson, ExportedParquet, OfOrders, PartOfLog, PlaceLost,
        Refused,
    },
    export::{Format, LOG_PARAMETERS, export_log},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};

/// Export of events as NDJSON
///
/// What `GET /v1/events/stream` tells, one event a line, as far as the log is
/// final when the export begins, in its order; the trailer's `position` is where
/// to go on, here or there, with `after`.
/// The last line is a trailer, `{"trailer": {"count", "position", "as_of"}}`:
/// without it the export was cut off. Streams go on from its `position`.
#[utoipa::path(
    get,
    path = "/v1/events.ndjson",
    operation_id = "export_events_ndjson",
    tag = "exports",
    params(EventTypes, OfOrders, PartOfLog),
    responses(ExportedNdjson, PlaceLost, Refused),
    security(("api_key" = []))
)]
pub async fn ndjson(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, LOG_PARAMETERS)?;
    export_log(&state, &request, &query, Format::Ndjson).await
}

/// Export of events as CSV
///
/// A row for each event, as far as the log is final when the export begins, in
/// its order; the trailer's position is where to go on with `after`.
/// RFC 4180 with a header; a text that a spreadsheet would run as a formula has
/// an apostrophe before it. The last record is a trailer, `#trailer`, `count=…`,
/// `position=…`, `as_of=…` and empty cells: without it the export was cut off.
/// Streams go on from its position.
///
/// Columns: `id`, `type`, `time`, `order_id`, `sequence`, `platform`, `actor`,
/// `position`, `correlationid`, `causationid`, `traceparent`, `data`. All but
/// `order_id` (the `subject`) and `platform` are members of the event; `data` is
/// JSON.
#[utoipa::path(
    get,
    path = "/v1/events.csv",
    operation_id = "export_events_csv",
    tag = "exports",
    params(EventTypes, OfOrders, PartOfLog),
    responses(ExportedCsv, PlaceLost, Refused),
    security(("api_key" = []))
)]
pub async fn csv(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, LOG_PARAMETERS)?;
    export_log(&state, &request, &query, Format::Csv).await
}

/// Export of events as Parquet
///
/// A row for each event, as far as the log is final when the export begins, in
/// its order; the trailer's position is where to go on with `after`.
/// Compressed with zstd, in small row groups. The metadata of the footer has
/// `orderlog.count`, `orderlog.position` and `orderlog.as_of`; streams go on from
/// the position. A file that was cut off cannot be read.
///
/// Columns: `id`, `type`, `time`, `order_id`, `sequence`, `platform`, `actor`,
/// `position`, `correlationid`, `causationid`, `traceparent`, `data`. All but
/// `order_id` (the `subject`) and `platform` are members of the event; `data` is
/// JSON.
#[utoipa::path(
    get,
    path = "/v1/events.parquet",
    operation_id = "export_events_parquet",
    tag = "exports",
    params(EventTypes, OfOrders, PartOfLog),
    responses(ExportedParquet, PlaceLost, Refused),
    security(("api_key" = []))
)]
pub async fn parquet(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, LOG_PARAMETERS)?;
    export_log(&state, &request, &query, Format::Parquet).await
}
