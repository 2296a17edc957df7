//! `GET /v1/whoami`: what the caller's key is for.

use super::told;
use crate::documented::Refused;
use actix_web::{HttpRequest, HttpResponse};
use infra::{
    api_keys::Scopes,
    http::{Principal, Problem, Query},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The caller, as the APIs know them.
#[derive(Serialize, ToSchema)]
pub struct Whoami {
    /// Id: the actor of every event that the key leads to.
    #[schema(example = "key_01a21f31555d75bda7e9750fe1fa595f")]
    id: String,
    /// For people.
    #[schema(example = "web shop")]
    name: String,
    /// What the key is for; null: everything.
    #[schema(value_type = Option<Vec<String>>, example = json!(["orders:read", "orders:write"]))]
    scopes: Scopes,
    /// The only platform that it has to do with; null: all.
    #[schema(example = "web")]
    platform: Option<String>,
    /// When it ends; null: never.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
}

/// Who the caller is
///
/// What the key, or the token, of this request is for: what it may do, of which
/// platform, until when. Any key may ask.
#[utoipa::path(
    get,
    path = "/v1/whoami",
    operation_id = "whoami",
    tag = "api keys",
    responses((status = 200, description = "The caller", body = Whoami), Refused),
    security(("api_key" = []))
)]
pub async fn handle(principal: Principal, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let caller = Whoami {
        id: principal.id,
        name: principal.name,
        scopes: principal.scopes,
        platform: principal.platform.map(|platform| platform.to_string()),
        expires_at: principal.ends,
    };
    Ok(told(HttpResponse::Ok(), &caller))
}
