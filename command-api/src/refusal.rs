//! Why a command was not carried out, as a problem.

use actix_web::http::StatusCode;
use domain::refusal::{Refusal, RejectionKind};
use infra::{command::ExecuteError, http::Problem};

/// The problem that a caller is told.
pub fn refused<R: Refusal>(error: ExecuteError<R>) -> Problem {
    if let Some(newer) = error.newer_release() {
        return Problem::newer_release(newer);
    }
    match error {
        ExecuteError::Rejected(rejection) => rejected(&rejection),
        ExecuteError::PreconditionFailed { version } => Problem::precondition_failed(version),
        ExecuteError::KeyReused => key_reused(),
        ExecuteError::Contended { attempts } => {
            Problem::conflict("contended", "Others keep changing what this is about")
                .with("attempts", attempts.into())
                .retry_after(1)
        }
        ExecuteError::TooLarge { size, limit } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "event_too_large",
            "It would be larger than an event may be",
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

/// The same request has made something that was deleted.
pub fn request_spent() -> Problem {
    Problem::conflict("request_spent", "What the request has made is no more")
}

/// The problem that a rule is told as.
pub fn rejected(rejection: &impl Refusal) -> Problem {
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

/// A key stands for one request.
pub fn key_reused() -> Problem {
    Problem::unprocessable(
        "idempotency_key_reused",
        "The Idempotency-Key was used with another body",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::order::Rejection;

    /// A request that is small enough leads to no such event by itself; an
    /// order that has grown over many requests may.
    #[test]
    fn an_event_that_kafka_would_not_carry_is_the_clients_affair() {
        let (size, limit) = (1_000_000, 900_000);
        let problem = refused::<Rejection>(ExecuteError::TooLarge { size, limit });
        let told = problem.document(None, None);
        assert_eq!((told.status, told.code.as_str()), (413, "event_too_large"));
        assert_eq!(told.extensions["size"], size);
        assert_eq!(told.extensions["limit"], limit);
    }
}
