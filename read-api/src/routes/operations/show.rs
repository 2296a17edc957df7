//! `GET /v1/operations/{id}`: how far one of them is.

use crate::{
    documented::{Known, NoSuchOperation, OperationId, Refused},
    problems::operation_not_found,
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::RETRY_AFTER,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    operations::{self, Operation},
};

/// Seconds after which it is worth asking again.
const SOON: &str = "1";

/// One operation
///
/// How far it is, and once it has come to its end what it came to. While it is not,
/// `Retry-After` says when to ask again; with `If-None-Match` the answer is 304
/// as long as nothing has changed.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}",
    operation_id = "get_operation",
    tag = "bulk",
    params(OperationId, Known),
    responses(
        (status = 200, description = "The operation", body = Operation, headers(
            ("ETag" = String, description = "Of what it says"),
            ("Retry-After" = u32, description = "Seconds, while it has not come to its end"),
        )),
        (status = 304, description = "The client has it"),
        NoSuchOperation,
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
    let operation = find(&state, &id).await?;
    let body = serde_json::to_vec(&operation).map_err(Problem::internal)?;
    let mut hash = TagHash::of("operation");
    hash.add(&body);
    let again = (!operation.state.is_end()).then(|| SOON.to_owned());
    let reply = Reply::new(format!("\"{}\"", hash.finish()));
    Ok(reply.maybe(RETRY_AFTER, again).send(&request, body))
}

/// The operation that a path names.
pub async fn find(state: &State, id: &str) -> Result<Operation, Problem> {
    let id = id.parse().map_err(|_| operation_not_found())?;
    let found = operations::find(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    found.ok_or_else(operation_not_found)
}
