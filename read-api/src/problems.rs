//! What queries are refused with, beyond what every route has in common.

use actix_web::http::StatusCode;
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
        meaning: "What is parked under this id is an order. Orders are never discarded: remove the \
                  cause and drive it again.",
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
        code: "too_many_exports",
        status: 503,
        meaning: "As many exports are being streamed as this process streams at once \
                  (`exports_at_once`). Try again after `Retry-After` seconds.",
    },
    ProblemType {
        code: "too_many_rows",
        status: 400,
        meaning: "The answer would have too many rows. Narrow the range, or group by less.",
    },
];

/// There is no such order.
pub fn order_not_found() -> Problem {
    Problem::not_found("order_not_found", "There is no such order")
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
