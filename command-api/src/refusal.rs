//! Why a command was not carried out, as a problem.

use actix_web::http::StatusCode;
use domain::order::{Rejection, RejectionKind};
use infra::{
    command::ExecuteError,
    http::{Problem, ProblemType},
};

/// The problem that a caller is told.
pub fn refused(error: ExecuteError<Rejection>) -> Problem {
    match error {
        ExecuteError::Rejected(rejection) => rejected(&rejection),
        ExecuteError::PreconditionFailed { version } => Problem::precondition_failed(version),
        ExecuteError::KeyReused => Problem::unprocessable(
            "idempotency_key_reused",
            "The Idempotency-Key was used with another body",
        ),
        ExecuteError::Contended { attempts } => {
            Problem::conflict("contended", "Others keep changing this order")
                .with("attempts", attempts.into())
                .retry_after(1)
        }
        ExecuteError::TooLarge { size, limit } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "event_too_large",
            "The order is larger than an event may be",
        )
        .with("size", size.into())
        .with("limit", limit.into()),
        ExecuteError::Unavailable { unknown, source } => {
            let problem = Problem::unavailable(1).caused_by(source.as_ref());
            if unknown {
                problem.detail(
                    "the command may have been stored: repeat it under the same Idempotency-Key",
                )
            } else {
                problem
            }
        }
        ExecuteError::Broken(source) => Problem::internal(Cause(source)),
    }
}

/// A boxed cause as an error of its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Cause(Box<dyn std::error::Error + Send + Sync>);

fn rejected(rejection: &Rejection) -> Problem {
    let status = match rejection.kind() {
        RejectionKind::NotFound => StatusCode::NOT_FOUND,
        RejectionKind::Conflict => StatusCode::CONFLICT,
        RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut problem = Problem::new(status, rejection.code(), rejection.to_string());
    if let Some(pointer) = rejection.pointer() {
        problem = problem.error(pointer, rejection.to_string());
    }
    for (name, value) in rejection.figures() {
        problem = problem.with(name, value);
    }
    problem
}

/// Kinds of problems that commands answer with.
pub const PROBLEM_TYPES: &[ProblemType] = &[
    kind("order_not_found", 404, "There is no order with this id."),
    kind(
        "external_id_taken",
        409,
        "The platform's external id belongs to the order in `order_id`, which another command made.",
    ),
    kind(
        "import_differs",
        409,
        "The order in `order_id` was imported before with other content; an import never changes an order.",
    ),
    kind(
        "not_for_kind",
        409,
        "Imported credits and adjustments are facts; the command applies to sales only.",
    ),
    kind(
        "contended",
        409,
        "The order changed again and again while the command was decided. Try again.",
    ),
    kind(
        "event_too_large",
        413,
        "The event would be larger than Kafka carries. Split the order.",
    ),
    kind(
        "idempotency_key_reused",
        422,
        "The Idempotency-Key was used before with another body. A key stands for one request.",
    ),
    kind("no_lines", 422, "An order needs at least one line."),
    kind("too_many_lines", 422, "An order has at most `limit` lines."),
    kind(
        "quantity_out_of_range",
        422,
        "A line's quantity must be from 1 to `limit` (negative on credits).",
    ),
    kind(
        "no_positive_quantity",
        422,
        "No line has a positive quantity: this is a stock movement, not an order.",
    ),
    kind(
        "credit_quantity_positive",
        422,
        "The quantities of a credit are negative.",
    ),
    kind(
        "negative_price",
        422,
        "Only adjustments take prices below zero.",
    ),
    kind(
        "discount_out_of_range",
        422,
        "A line's discount lies between zero and the line's amount.",
    ),
    kind(
        "tax_out_of_range",
        422,
        "A tax has the sign of what it is on.",
    ),
    kind(
        "shipping_out_of_range",
        422,
        "A shipping charge is not negative.",
    ),
    kind(
        "amount_overflow",
        422,
        "An amount does not fit 64 bits of minor units.",
    ),
    kind("too_many_tags", 422, "An order has at most `limit` tags."),
];

const fn kind(code: &'static str, status: u16, meaning: &'static str) -> ProblemType {
    ProblemType {
        code,
        status,
        meaning,
    }
}
