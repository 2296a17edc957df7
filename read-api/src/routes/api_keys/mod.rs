//! `GET /v1/api_keys`: who may call, without their secrets.

use super::told;
use crate::{documented::Refused, problems::api_key_not_found, state::State};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Data, Path, ServiceConfig},
};
use infra::{
    api_keys::{self, ApiKey},
    http::{Principal, Problem, ProblemDocument, Query},
};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// All keys.
#[derive(Serialize, ToSchema)]
pub struct KeyList {
    /// Oldest first; those that were revoked, too.
    data: Vec<ApiKey>,
}

/// What a query for one key may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `api_key_not_found`
pub struct NoSuchKey(ProblemDocument);

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/api_keys", web::get().to(list))
        .route("/v1/api_keys/{id}", web::get().to(get));
}

/// API keys
///
/// All of them, with what they are for and when they were used last; their secrets
/// are stored nowhere.
#[utoipa::path(
    get,
    path = "/v1/api_keys",
    operation_id = "list_api_keys",
    tag = "api keys",
    responses((status = 200, description = "All of them", body = KeyList), Refused),
    security(("api_key" = []))
)]
pub async fn list(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let data = api_keys::list(&state.ops).await;
    let data = data.map_err(|error| Problem::database(&error))?;
    Ok(told(HttpResponse::Ok(), &KeyList { data }))
}

/// One API key
///
/// What it is for, until when, and when it was used last.
#[utoipa::path(
    get,
    path = "/v1/api_keys/{id}",
    operation_id = "get_api_key",
    tag = "api keys",
    params(("id" = String, Path, description = "Id of the key", example = "key_01a21f31555d75bda7e9750fe1fa595f")),
    responses((status = 200, description = "The key", body = ApiKey), NoSuchKey, Refused),
    security(("api_key" = []))
)]
pub async fn get(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    // Postgres takes no text with a zero byte.
    let known = !id.contains('\0');
    let key = if known {
        let key = api_keys::one(&state.ops, &id).await;
        key.map_err(|error| Problem::database(&error))?
    } else {
        None
    };
    let key = key.ok_or_else(api_key_not_found)?;
    Ok(told(HttpResponse::Ok(), &key))
}
