//! `DELETE /v1/api_keys/{id}`: one less may call.

use crate::{
    call::{Asked, Nothing},
    documented::{OnKey, answers},
    routes::told,
};
use actix_web::HttpResponse;
use infra::{api_keys, http::Problem};

answers!(
    Answers: 200 "Revoked" as Some("ApiKey");
    &["api_key_not_found"]; without orders
);

/// Revoke an API key
///
/// Every instance refuses it within a second. It stays in the list, as what it has
/// done stays in the log.
#[utoipa::path(
    delete,
    path = "/v1/api_keys/{id}",
    operation_id = "revoke_api_key",
    tag = "api keys",
    params(OnKey),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let (ops, id) = (&call.api.webhooks.ops, call.path("id"));
    let not_found = || Problem::not_found("api_key_not_found", "There is no such key");
    // Postgres takes no text with a zero byte.
    if id.contains('\0') {
        return Err(not_found());
    }
    let revoked = api_keys::revoke(ops, id, Some(&call.principal.id)).await;
    let revoked = revoked.map_err(|error| Problem::database(&error))?;
    let key = api_keys::one(ops, id).await;
    let key = key.map_err(|error| Problem::database(&error))?;
    let key = key.ok_or_else(not_found)?;
    if revoked {
        tracing::info!(key.id = id, actor = call.principal.id, "api_key.revoked");
    }
    Ok(told(HttpResponse::Ok(), false, &key))
}
