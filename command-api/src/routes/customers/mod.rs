//! `/v1/customers`: what is done about a person, in the background.

pub mod erase;
pub mod guest_orders;

use crate::{
    call::Call,
    refusal::key_reused,
    routes::{operations::create::failed, told},
};
use actix_web::{
    HttpResponse,
    http::header::{LOCATION, RETRY_AFTER},
    web::{ServiceConfig, post},
};
use infra::{
    api_keys::Scopes,
    clock,
    http::Problem,
    operations::{self, About, Created, NewOperation, OnInvalid, OperationKind},
};
use sha2::{Digest as _, Sha256};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/customers/erase", post().to(erase::handle))
        .route(
            "/v1/customers/guest_orders",
            post().to(guest_orders::handle),
        );
}

/// Answers with an operation about somebody, which is new or was asked for before.
async fn begin(call: &Call, kind: OperationKind, about: About) -> Result<HttpResponse, Problem> {
    let api = &call.api;
    // Its lines are an object.
    api.uploads.begin()?;
    let context = &call.context;
    let hash = Sha256::new_with_prefix(call.route());
    let hash = hash.chain_update(&context.identity.payload_hash);
    let new = NewOperation {
        id: clock::new_id(),
        kind,
        about: Some(about),
        import: None,
        principal: call.principal.id.clone(),
        // What it leads to is for nobody to ask for line by line.
        scopes: Scopes::default(),
        // Keys of other requests are others.
        idempotency_key: call
            .key
            .as_ref()
            .map(|key| format!("{} {key}", call.route())),
        request_hash: hash.finalize().into(),
        input_bytes: 0,
        dry_run: false,
        on_invalid: OnInvalid::Skip,
        cause: (context.traceparent.clone(), context.correlation_id.clone()),
    };
    let created = operations::create(&api.uploads.ops, &new).await;
    let (operation, replayed) = match created.map_err(failed)? {
        Created::New(operation) => (operation, false),
        Created::Again(operation) => (operation, true),
        Created::Other => return Err(key_reused()),
    };
    if !replayed {
        tracing::info!(
            operation.id = %operation.id,
            kind = kind.name(),
            actor = call.principal.id,
            "operation.asked_for"
        );
    }
    let mut response = HttpResponse::Accepted();
    response
        .insert_header((LOCATION, format!("/v1/operations/{}", operation.id)))
        .insert_header((RETRY_AFTER, 1));
    Ok(told(response, replayed, &operation))
}

/// An email as orders are found by it.
///
/// # Errors
/// 422 where it is none.
fn email(text: &str) -> Result<String, Problem> {
    let email = text.trim().to_lowercase();
    if email.contains('@') && email.len() <= 320 {
        return Ok(email);
    }
    Err(invalid().error("/email", "is not an email address"))
}

fn invalid() -> Problem {
    Problem::unprocessable("invalid_person", "Nobody is named so")
}
