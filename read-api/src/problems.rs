//! What queries are refused with, beyond what every route has in common.

use actix_web::http::{StatusCode, header::CONTENT_RANGE};
use infra::{
    http::{Problem, ProblemType},
    log::NotResumable,
};

/// Kinds of problems that queries answer with.
pub const PROBLEM_TYPES: &[ProblemType] = &[
    ProblemType {
        code: "order_not_found",
        status: 404,
        meaning: "There is no such order, or it is not visible yet: an order is readable a moment \
                  after its command was answered. Pass the answer's `position` as `min_position`, \
                  or its version as `min_version`, to wait for it.",
    },
    ProblemType {
        code: "platform_not_found",
        status: 404,
        meaning: "There is no platform with this slug, or it is not visible yet: one that was saved is \
                  readable a moment after that was answered. Pass the answer's `position` as \
                  `min_position`, or its version as `min_version`, to wait for it.",
    },
    ProblemType {
        code: "product_not_found",
        status: 404,
        meaning: "There is no product with this SKU, or it is not visible yet: one that was saved is \
                  readable a moment after that was answered. Pass the answer's `position` as \
                  `min_position`, or its version as `min_version`, to wait for it.",
    },
    ProblemType {
        code: "shipping_zone_not_found",
        status: 404,
        meaning: "There is no shipping zone with this id, or it is not visible yet: one that was saved \
                  is readable a moment after that was answered. Pass the answer's `position` as \
                  `min_position`, or its version as `min_version`, to wait for it.",
    },
    ProblemType {
        code: "shipping_method_not_found",
        status: 404,
        meaning: "There is no shipping method with this id, or it is not visible yet: one that was \
                  saved is readable a moment after that was answered. Pass the answer's `position` as \
                  `min_position`, or its version as `min_version`, to wait for it.",
    },
    ProblemType {
        code: "customer_not_found",
        status: 404,
        meaning: "Nobody of this name has placed an order, on this platform if one is named, or none \
                  is visible yet: an order is readable a moment after its command was answered. \
                  Pass the answer's `position` as `min_position` to wait for it.",
    },
    ProblemType {
        code: "customer_ambiguous",
        status: 409,
        meaning: "Several channels have a customer with this id, those in `platforms`. Say with the \
                  parameter `platform` which one is meant, or ask for the `id` that customers are \
                  told under.",
    },
    ProblemType {
        code: "version_not_found",
        status: 404,
        meaning: "The order has no such version yet; `newest` is the one that it has.",
    },
    ProblemType {
        code: "order_not_recorded_yet",
        status: 404,
        meaning: "The order was not recorded by the time in `as_of`; its `created_at` says when it \
                  was.",
    },
    ProblemType {
        code: "invalid_last_event_id",
        status: 400,
        meaning: "The `Last-Event-ID` is not an `id` of this stream. Begin again without one.",
    },
    ProblemType {
        code: "position_lost",
        status: 410,
        meaning: "The place to go on from is none of this log, or not any more: the log was restored \
                  from a backup, and what came before that place may not have happened. Read anew \
                  what you keep, and begin again without a place.",
    },
    ProblemType {
        code: "invalid_cursor",
        status: 400,
        meaning: "The cursor is not one that this API made. Begin again without one.",
    },
    ProblemType {
        code: "cursor_mismatch",
        status: 400,
        meaning: "The cursor belongs to other filters or another sort order. Begin again without one.",
    },
    ProblemType {
        code: "not_yet_visible",
        status: 503,
        meaning: "What was to be waited for did not become visible in time, and \
                  `Prefer: handling=strict` asked for an error in that case. Try again after \
                  `Retry-After` seconds. With `Orderlog-Projection: parked` nothing was waited \
                  for: an operator has to remove a cause first.",
    },
    ProblemType {
        code: "not_parked",
        status: 404,
        meaning: "Nothing is parked under this id. What was parked may have been driven again since.",
    },
    ProblemType {
        code: "not_a_record",
        status: 409,
        meaning: "What is parked under this id is an order, or whatever else the projection is of. \
                  Those are never discarded: remove the cause and drive it again.",
    },
    ProblemType {
        code: "projection_not_found",
        status: 404,
        meaning: "There is no such projection, or it was never built.",
    },
    ProblemType {
        code: "no_open_build",
        status: 409,
        meaning: "No build of the projection is open. It may have ended since it was looked at.",
    },
    ProblemType {
        code: "endpoint_not_found",
        status: 404,
        meaning: "There is no webhook endpoint with this id, or it was deleted.",
    },
    ProblemType {
        code: "delivery_not_found",
        status: 404,
        meaning: "There is no delivery with this id; they are kept for some weeks.",
    },
    ProblemType {
        code: "job_not_found",
        status: 404,
        meaning: "There is no such job, or it came to its end too long ago to be kept.",
    },
    ProblemType {
        code: "job_not_live",
        status: 409,
        meaning: "The job neither waits nor runs: there is nothing to cancel.",
    },
    ProblemType {
        code: "job_not_retryable",
        status: 409,
        meaning: "The job is neither dead nor cancelled, or another one with its unique key waits \
                  or runs by now.",
    },
    ProblemType {
        code: "schedule_not_found",
        status: 404,
        meaning: "There is no such schedule. Workers make them, once one has started.",
    },
    ProblemType {
        code: "schedule_running",
        status: 409,
        meaning: "A run of the schedule that was asked for before is not at its end yet.",
    },
    ProblemType {
        code: "operation_not_found",
        status: 404,
        meaning: "There is no operation with this id; they are kept for some weeks.",
    },
    ProblemType {
        code: "operation_not_finished",
        status: 409,
        meaning: "The operation has not come to its end, and its results are told as a whole. Follow \
                  it at `GET /v1/operations/{id}`.",
    },
    ProblemType {
        code: "results_unavailable",
        status: 404,
        meaning: "This server does not know where results are kept (`objects_url`).",
    },
    ProblemType {
        code: "too_many_exports",
        status: 503,
        meaning: "As many exports are being streamed as this process streams at once \
                  (`exports_at_once`). Try again after `Retry-After` seconds.",
    },
    ProblemType {
        code: "export_not_found",
        status: 404,
        meaning: "There is no export with this id, or it was deleted. Exports are kept for a month \
                  longer than their files.",
    },
    ProblemType {
        code: "export_gone",
        status: 410,
        meaning: "The file of the export was thrown away, as it is some days after it was made, or \
                  was deleted. Ask for another export.",
    },
    ProblemType {
        code: "export_too_long",
        status: 503,
        meaning: "What an export in the background has failed with, once: its file took longer than \
                  `export_file_seconds` lets it, or the database has ended its statement. Ask for \
                  less of it, or have that setting raised.",
    },
    ProblemType {
        code: "link_not_valid",
        status: 403,
        meaning: "The link to a file is not as this API made it, or its time is over. \
                  `GET /v1/exports/{id}` has a new one in `download`.",
    },
    ProblemType {
        code: "range_not_satisfiable",
        status: 416,
        meaning: "The file is shorter than where the range in `Range` begins; `Content-Range` says \
                  how long it is.",
    },
    ProblemType {
        code: "no_object_storage",
        status: 503,
        meaning: "Nobody has configured where large objects are kept (`objects_url`), so there are \
                  none.",
    },
    ProblemType {
        code: "invoice_not_issued",
        status: 404,
        meaning: "The order has no invoice, or had none in the version that was asked for. \
                  `POST /v1/orders/{id}/invoice` issues it.",
    },
    ProblemType {
        code: "credit_note_not_found",
        status: 404,
        meaning: "The order has not that many credit notes; `newest` is the number of the last one, \
                  0 where there is none.",
    },
    ProblemType {
        code: "fulfillment_not_found",
        status: 404,
        meaning: "The order has no such fulfilment.",
    },
    ProblemType {
        code: "nothing_to_pack",
        status: 409,
        meaning: "No goods are to be packed: the order is a draft, a credit or an adjustment, \
                  everything of it was cancelled, or the fulfilment was.",
    },
    ProblemType {
        code: "no_seller",
        status: 409,
        meaning: "Nobody has said who sells on the order's platform (`seller` of the platform, or \
                  `platforms.<slug>.seller` of the configuration), so nobody knows whose name a \
                  document would bear.",
    },
    ProblemType {
        code: "seller_unusable",
        status: 409,
        meaning: "The platform's seller cannot be printed: a file is not there (`document_files`), or \
                  its texts leave no room on a page. Put the file there; another seller is on \
                  documents from then on, and not on invoices that have their number.",
    },
    ProblemType {
        code: "too_many_documents",
        status: 503,
        meaning: "As many documents are being drawn, and wait to be, as this process takes. Try again \
                  after `Retry-After` seconds.",
    },
    ProblemType {
        code: "too_many_rows",
        status: 400,
        meaning: "The answer would have too many rows. Narrow the range, or group by less.",
    },
    ProblemType {
        code: "platform_not_found",
        status: 422,
        meaning: "Nobody has saved the platform, and the deployment makes none because somebody names \
                  it (`unknown_platform`).",
    },
    ProblemType {
        code: "platform_archived",
        status: 409,
        meaning: "The platform is archived: it takes no orders.",
    },
    ProblemType {
        code: "platform_inactive",
        status: 409,
        meaning: "The platform takes no new orders until somebody activates it.",
    },
    ProblemType {
        code: "platform_currency",
        status: 422,
        meaning: "Orders of the platform are in the currency `expected`.",
    },
    ProblemType {
        code: "price_unknown",
        status: 422,
        meaning: "The catalogue has no price for an article on this platform in this currency, and \
                  none was given with the line; `errors` names the lines.",
    },
    ProblemType {
        code: "no_lines",
        status: 422,
        meaning: "A basket needs at least one line.",
    },
    ProblemType {
        code: "too_many_lines",
        status: 422,
        meaning: "A basket has at most `limit` lines, as an order has.",
    },
    ProblemType {
        code: "quantity_out_of_range",
        status: 422,
        meaning: "A line's quantity must be from 1 to `limit`.",
    },
    ProblemType {
        code: "negative_price",
        status: 422,
        meaning: "A unit price is not below zero.",
    },
    ProblemType {
        code: "discount_out_of_range",
        status: 422,
        meaning: "A line's discount lies between zero and the line's amount.",
    },
    ProblemType {
        code: "amount_overflow",
        status: 422,
        meaning: "An amount does not fit 64 bits of minor units.",
    },
];

/// There is no such order.
pub fn order_not_found() -> Problem {
    Problem::not_found("order_not_found", "There is no such order")
}

/// There is no such API key.
pub fn api_key_not_found() -> Problem {
    Problem::not_found("api_key_not_found", "There is no such API key")
}

/// There is no platform with this slug.
pub fn platform_not_found() -> Problem {
    Problem::not_found("platform_not_found", "There is no such platform")
}

/// There is no product with this SKU.
pub fn product_not_found() -> Problem {
    Problem::not_found("product_not_found", "There is no such product")
}

/// There is no shipping zone with this id.
pub fn shipping_zone_not_found() -> Problem {
    Problem::not_found("shipping_zone_not_found", "There is no such shipping zone")
}

/// There is no shipping method with this id.
pub fn shipping_method_not_found() -> Problem {
    Problem::not_found(
        "shipping_method_not_found",
        "There is no such shipping method",
    )
}

/// Nobody is called so.
pub fn customer_not_found() -> Problem {
    Problem::not_found("customer_not_found", "There is no such customer")
}

/// Somebody is called so on each of these platforms.
pub fn customer_ambiguous(platforms: &[&str]) -> Problem {
    Problem::conflict(
        "customer_ambiguous",
        "Several channels have such a customer",
    )
    .detail(format!("platform must be one of {}", platforms.join(", ")))
    .with("platforms", platforms.to_vec().into())
}

/// The order has no such version: its newest one is this.
pub fn version_not_found(newest: i64) -> Problem {
    Problem::not_found("version_not_found", "The order has no such version")
        .detail(format!("its newest version is {newest}"))
        .with("newest", newest.into())
}

/// The order was recorded only later.
pub fn order_not_recorded_yet() -> Problem {
    Problem::not_found(
        "order_not_recorded_yet",
        "The order was not recorded by then",
    )
}

/// What follows a place would not go on from what came before it.
pub fn position_lost(why: NotResumable) -> Problem {
    Problem::new(
        StatusCode::GONE,
        "position_lost",
        "The log does not have this place, or not any more",
    )
    .detail(why.to_string())
}

/// `min_version` or `min_position` was not reached in time.
pub fn not_yet_visible() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_yet_visible",
        "Not visible yet",
    )
    .retry_after(1)
}

/// Nobody else can be streamed to at the moment.
pub fn too_many_exports() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_exports",
        "Too many exports are being streamed",
    )
    .retry_after(5)
}

/// There is no such export.
pub fn export_not_found() -> Problem {
    Problem::not_found("export_not_found", "There is no such export")
}

/// An export without a file.
pub fn export_gone() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "export_gone",
        "The file of the export is gone",
    )
}

/// A link that leads nowhere, and why.
pub fn link_not_valid(why: &str) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "link_not_valid",
        "The link may not be used",
    )
    .detail(why)
}

/// A file of `size` bytes does not have such a part.
pub fn range_not_satisfiable(size: u64) -> Problem {
    Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "The file has no such part",
    )
    .header(CONTENT_RANGE, format!("bytes */{size}"))
}

/// There is nowhere to keep objects.
pub fn no_object_storage() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no_object_storage",
        "No place for objects is configured",
    )
}

/// There is no such operation, or not any more.
pub fn operation_not_found() -> Problem {
    Problem::not_found("operation_not_found", "There is no such operation")
}

/// Its results are not whole yet.
pub fn operation_not_finished() -> Problem {
    Problem::conflict(
        "operation_not_finished",
        "The operation has not come to its end",
    )
    .retry_after(1)
}

/// Nobody has said where results are.
pub fn results_unavailable() -> Problem {
    Problem::not_found("results_unavailable", "Results are kept elsewhere")
}

/// The order has no invoice, or not yet.
pub fn invoice_not_issued() -> Problem {
    Problem::not_found("invoice_not_issued", "The order has no invoice")
}

/// The order has not that many credit notes: the last one has this number.
pub fn credit_note_not_found(newest: usize) -> Problem {
    Problem::not_found("credit_note_not_found", "There is no such credit note")
        .with("newest", newest.into())
}

/// The order has no such fulfilment.
pub fn fulfillment_not_found() -> Problem {
    Problem::not_found("fulfillment_not_found", "The order has no such fulfilment")
}

/// No goods are to be packed.
pub fn nothing_to_pack() -> Problem {
    Problem::conflict("nothing_to_pack", "No goods are to be packed")
}

/// Nobody is configured to sell on a platform.
pub fn no_seller(platform: &str) -> Problem {
    Problem::conflict("no_seller", "Nobody is known as the seller").detail(format!(
        "neither the platform {platform} nor the configuration has one"
    ))
}

/// What is known of a seller cannot be printed.
pub fn seller_unusable(why: &str) -> Problem {
    Problem::conflict("seller_unusable", "The seller cannot be printed").detail(why.to_owned())
}

/// Nothing else can be drawn at the moment.
pub fn too_many_documents() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_documents",
        "Too many documents are being drawn",
    )
    .retry_after(1)
}

/// There is no such projection.
pub fn projection_not_found() -> Problem {
    Problem::not_found("projection_not_found", "There is no such projection")
}

/// There is nothing to be given up.
pub fn no_open_build() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no_open_build",
        "No build of the projection is open",
    )
}

/// What is parked is an order.
pub fn not_a_record() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not_a_record",
        "An order is parked under this id",
    )
}

/// Nothing is parked under this id.
pub fn not_parked() -> Problem {
    Problem::not_found("not_parked", "Nothing is parked under this id")
}

/// There is no such endpoint.
pub fn endpoint_not_found() -> Problem {
    Problem::not_found("endpoint_not_found", "There is no such webhook endpoint")
}

/// There is no such delivery.
pub fn delivery_not_found() -> Problem {
    Problem::not_found("delivery_not_found", "There is no such delivery")
}

/// There is no such job.
pub fn job_not_found() -> Problem {
    Problem::not_found("job_not_found", "There is no such job")
}

/// There is nothing to be cancelled.
pub fn job_not_live() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "job_not_live",
        "The job neither waits nor runs",
    )
}

/// It needs no new chance, or may not have one.
pub fn job_not_retryable() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "job_not_retryable",
        "The job cannot be retried",
    )
}

/// There is no such schedule.
pub fn schedule_not_found() -> Problem {
    Problem::not_found("schedule_not_found", "There is no such schedule")
}

/// One run that was asked for at a time.
pub fn schedule_running() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "schedule_running",
        "A run that was asked for is under way",
    )
}
