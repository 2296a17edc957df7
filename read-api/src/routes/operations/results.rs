//! `GET /v1/operations/{id}/results`: what each line came to.

use super::{
    chosen::{Chosen, PARAMETERS},
    show::find,
};
use crate::{
    documented::{NoResults, NoResultsYet, OperationId, Refused, WhichResults},
    problems::{operation_not_finished, results_unavailable},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CACHE_CONTROL,
    web::{Bytes, Data, Path},
};
use futures_util::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use infra::{
    http::{Principal, Problem, Query},
    objects::{Objects, ObjectsError},
    operations::{self, Operation},
};
use serde_json::json;

const NDJSON: &str = "application/x-ndjson";
/// After how many seconds to ask a store again that does not answer.
const AGAIN: u64 = 5;

type Body = BoxStream<'static, Result<Bytes, ObjectsError>>;

/// Results of an operation
///
/// NDJSON: a result for each line that was not blank, in the order of the lines,
/// as `POST /v1/bulk` tells them, and the trailer with the counts, without which
/// the answer was cut off. Of an operation that was cancelled, or came to no end,
/// the lines before that. 409 until it has come to its end. With `outcome` or `limit`
/// some of the results; the trailer counts all of them.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}/results",
    operation_id = "get_operation_results",
    tag = "bulk",
    params(OperationId, WhichResults),
    responses(
        (status = 200, description = "The results, and the trailer", body = String,
            content_type = "application/x-ndjson"),
        NoResults,
        NoResultsYet,
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
    let chosen = Chosen::of(&Query::of(&request, PARAMETERS)?)?;
    let operation = find(&state, &id).await?;
    if !operation.state.is_end() {
        return Err(operation_not_finished());
    }
    let objects = state.objects.clone().ok_or_else(results_unavailable)?;
    let parts = operations::parts(&state.ops, operation.id).await;
    let parts = parts.map_err(|error| Problem::database(&error))?;
    let mut parts = parts.into_iter();
    // Before the head: a store that does not answer is a problem, not half an answer.
    let first = match parts.next() {
        Some(part) => Some(open(&objects, part).await),
        None => None,
    };
    let first = first.transpose();
    let first = first.map_err(|error| Problem::unavailable(AGAIN).caused_by(&error))?;
    let first = stream::iter(first).flatten();
    let trailer = stream::iter([Ok(trailer(&operation))]);
    Ok(HttpResponse::Ok()
        .content_type(NDJSON)
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(
            chosen
                .among(first.chain(results(objects, parts)))
                .chain(trailer),
        ))
}

/// The parts, one after the other. One that is missing cuts the answer off.
fn results(
    objects: Objects,
    parts: impl Iterator<Item = String>,
) -> impl Stream<Item = Result<Bytes, ObjectsError>> {
    let read = move |part: String| {
        let objects = objects.clone();
        async move { open(&objects, part).await }
    };
    stream::iter(parts).then(read).try_flatten()
}

async fn open(objects: &Objects, part: String) -> Result<Body, ObjectsError> {
    let found = objects.get(&part, None).await?;
    Ok(found.ok_or(ObjectsError::Name(part))?.body)
}

fn trailer(operation: &Operation) -> Bytes {
    let progress = &operation.progress;
    let trailer = json!({"trailer": {
        "lines": progress.done,
        "succeeded": progress.succeeded,
        "replayed": progress.replayed,
        "failed": progress.failed,
        "dry_run": operation.dry_run,
    }});
    format!("{trailer}\n").into()
}
