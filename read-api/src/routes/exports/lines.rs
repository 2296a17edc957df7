//! `GET /v1/lines.ndjson`, `.csv` and `.parquet`.

use crate::{
    documented::{ExportedCsv, ExportedNdjson, ExportedParquet, MinPosition, Preferred, Refused},
    export::{Format, Subject, export_views},
    routes::{exports::orders::ROWS, orders::list::FilterParameters},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};

/// Export of lines as NDJSON
///
/// A row for each line of the orders that the filters choose, those of an order
/// one after the other. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// The last line is a trailer, `{"trailer": {"count", "position", "as_of"}}`:
/// without it the export was cut off. Streams go on from its `position`.
///
/// Columns: `order_id`, `order_number`, `platform`, `external_id`, `kind`,
/// `status`, `country`, `placed_at`, `line`, `sku`, `name`, `quantity`,
/// `cancelled_quantity`, `fulfilled_quantity`, `shipped_quantity`,
/// `delivered_quantity`, `return_requested_quantity`, `returned_quantity`,
/// `currency`, `unit_price`, `unit_price_major`, `amount`, `discount`,
/// `allocated_discount`, `tax`. Amounts are in minor units of `currency`; a price
/// that has more digits than those is in `unit_price_major`, in major units.
#[utoipa::path(
    get,
    path = "/v1/lines.ndjson",
    operation_id = "export_lines_ndjson",
    tag = "exports",
    params(FilterParameters, MinPosition, Preferred),
    responses(ExportedNdjson, Refused),
    security(("api_key" = []))
)]
pub async fn ndjson(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, ROWS)?;
    export_views(&state, &request, &query, (Subject::Lines, Format::Ndjson)).await
}

/// Export of lines as CSV
///
/// A row for each line of the orders that the filters choose, those of an order
/// one after the other. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// RFC 4180 with a header; a text that a spreadsheet would run as a formula has
/// an apostrophe before it. The last record is a trailer, `#trailer`, `count=…`,
/// `position=…`, `as_of=…` and empty cells: without it the export was cut off.
/// Streams go on from its position.
///
/// Columns: `order_id`, `order_number`, `platform`, `external_id`, `kind`,
/// `status`, `country`, `placed_at`, `line`, `sku`, `name`, `quantity`,
/// `cancelled_quantity`, `fulfilled_quantity`, `shipped_quantity`,
/// `delivered_quantity`, `return_requested_quantity`, `returned_quantity`,
/// `currency`, `unit_price`, `unit_price_major`, `amount`, `discount`,
/// `allocated_discount`, `tax`. Amounts are in minor units of `currency`; a price
/// that has more digits than those is in `unit_price_major`, in major units.
#[utoipa::path(
    get,
    path = "/v1/lines.csv",
    operation_id = "export_lines_csv",
    tag = "exports",
    params(FilterParameters, MinPosition, Preferred),
    responses(ExportedCsv, Refused),
    security(("api_key" = []))
)]
pub async fn csv(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, ROWS)?;
    export_views(&state, &request, &query, (Subject::Lines, Format::Csv)).await
}

/// Export of lines as Parquet
///
/// A row for each line of the orders that the filters choose, those of an order
/// one after the other. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// Compressed with zstd, in small row groups. The metadata of the footer has
/// `orderlog.count`, `orderlog.position` and `orderlog.as_of`; streams go on from
/// the position. A file that was cut off cannot be read.
///
/// Columns: `order_id`, `order_number`, `platform`, `external_id`, `kind`,
/// `status`, `country`, `placed_at`, `line`, `sku`, `name`, `quantity`,
/// `cancelled_quantity`, `fulfilled_quantity`, `shipped_quantity`,
/// `delivered_quantity`, `return_requested_quantity`, `returned_quantity`,
/// `currency`, `unit_price`, `unit_price_major`, `amount`, `discount`,
/// `allocated_discount`, `tax`. Amounts are in minor units of `currency`; a price
/// that has more digits than those is in `unit_price_major`, in major units.
#[utoipa::path(
    get,
    path = "/v1/lines.parquet",
    operation_id = "export_lines_parquet",
    tag = "exports",
    params(FilterParameters, MinPosition, Preferred),
    responses(ExportedParquet, Refused),
    security(("api_key" = []))
)]
pub async fn parquet(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, ROWS)?;
    export_views(&state, &request, &query, (Subject::Lines, Format::Parquet)).await
}
