//! `POST /v1/operations/{id}/cancel`: no further line is carried out.

use crate::{
    call::{Asked, Nothing},
    documented::{OnOperation, answers},
    routes::told,
};
use actix_web::HttpResponse;
use infra::{
    http::Problem,
    operations::{self, Cancelled},
};

answers!(
    Answers: 200 "It ends, or has been cancelled before" as Some("Operation");
    &["operation_not_found", "operation_finished", "operation_not_cancellable"]; without orders
);

/// Cancel an operation
///
/// Lines that were begun are finished, no others are begun. What was carried out
/// stays so, and has its results.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/cancel",
    operation_id = "cancel_operation",
    tag = "bulk",
    params(OnOperation),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").parse().map_err(|_| not_found())?;
    let cancelled = operations::cancel(&call.api.uploads.ops, id).await;
    match cancelled.map_err(|error| Problem::database(&error))? {
        Cancelled::Told(operation) => Ok(told(HttpResponse::Ok(), false, &operation)),
        Cancelled::Finished => Err(Problem::conflict(
            "operation_finished",
            "The operation has come to its end",
        )),
        Cancelled::NotOffered => Err(Problem::conflict(
            "operation_not_cancellable",
            "The operation is brought to its end",
        )),
        Cancelled::Unknown => Err(not_found()),
    }
}

fn not_found() -> Problem {
    Problem::not_found("operation_not_found", "There is no such operation")
}
