//! `GET /v1/orders.ndjson`, `.csv` and `.parquet`.

use crate::{
    documented::{
        ExportedCsv, ExportedNdjson, ExportedParquet, FieldsOf, MinPosition, Preferred, Refused,
    },
    export::{Format, Subject, export_views},
    routes::orders::list::{FilterParameters, with_filters},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem, Query};

/// Parameters of documents.
pub const DOCUMENTS: &[&str] = &with_filters::<28>(&["fields", "min_position"]);
/// Parameters of rows.
pub const ROWS: &[&str] = &with_filters::<27>(&["min_position"]);

/// Export of orders as NDJSON
///
/// The documents that `GET /v1/orders/{id}` answers, one a line, byte for byte,
/// or some of their fields. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// The last line is a trailer, `{"trailer": {"count", "position", "as_of"}}`:
/// without it the export was cut off. Streams go on from its `position`.
#[utoipa::path(
    get,
    path = "/v1/orders.ndjson",
    operation_id = "export_orders_ndjson",
    tag = "exports",
    params(FilterParameters, FieldsOf, MinPosition, Preferred),
    responses(ExportedNdjson, Refused),
    security(("api_key" = []))
)]
pub async fn ndjson(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, DOCUMENTS)?;
    export_views(&state, &request, &query, (Subject::Orders, Format::Ndjson)).await
}

/// Export of orders as CSV
///
/// A row for each order. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// RFC 4180 with a header; a text that a spreadsheet would run as a formula has
/// an apostrophe before it. The last record is a trailer, `#trailer`, `count=…`,
/// `position=…`, `as_of=…` and empty cells: without it the export was cut off.
/// Streams go on from its position.
///
/// Columns: `id`, `number`, `version`, `platform`, `external_id`, `kind`,
/// `status`, `payment_status`, `fulfillment_status`, `return_status`,
/// `confirmed`, `archived`, `hold_count`, `customer_id`, `customer_name`,
/// `customer_email`, `country`, `line_count`, `units`, `currency`, `items`,
/// `discounts`, `shipping`, `tax`, `included_tax`, `total`, `credited`,
/// `captured`, `refunded`, `charged_back`, `balance_due`, `tags`, `created_at`,
/// `placed_at`, `updated_at`, `confirmed_at`, `paid_at`, `shipped_at`,
/// `delivered_at`, `return_requested_at`, `refunded_at`, `cancelled_at`. Amounts
/// are in minor units of `currency`, `tags` is a JSON array; the last seven times
/// are those of first coming to a state.
#[utoipa::path(
    get,
    path = "/v1/orders.csv",
    operation_id = "export_orders_csv",
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
    export_views(&state, &request, &query, (Subject::Orders, Format::Csv)).await
}

/// Export of orders as Parquet
///
/// A row for each order. Streamed and compressed as the client likes it, as of one moment, in no
/// particular order.
/// Compressed with zstd, in small row groups. The metadata of the footer has
/// `orderlog.count`, `orderlog.position` and `orderlog.as_of`; streams go on from
/// the position. A file that was cut off cannot be read.
///
/// Columns: `id`, `number`, `version`, `platform`, `external_id`, `kind`,
/// `status`, `payment_status`, `fulfillment_status`, `return_status`,
/// `confirmed`, `archived`, `hold_count`, `customer_id`, `customer_name`,
/// `customer_email`, `country`, `line_count`, `units`, `currency`, `items`,
/// `discounts`, `shipping`, `tax`, `included_tax`, `total`, `credited`,
/// `captured`, `refunded`, `charged_back`, `balance_due`, `tags`, `created_at`,
/// `placed_at`, `updated_at`, `confirmed_at`, `paid_at`, `shipped_at`,
/// `delivered_at`, `return_requested_at`, `refunded_at`, `cancelled_at`. Amounts
/// are in minor units of `currency`, `tags` is a JSON array; the last seven times
/// are those of first coming to a state.
#[utoipa::path(
    get,
    path = "/v1/orders.parquet",
    operation_id = "export_orders_parquet",
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
    export_views(&state, &request, &query, (Subject::Orders, Format::Parquet)).await
}
