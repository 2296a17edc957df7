//! `POST /v1/api_keys`: one more may call.

use crate::{
    call::{Asked, Call},
    documented::{Headers, answers},
    request::Time,
    routes::told,
};
use actix_web::{HttpResponse, http::StatusCode, http::header::LOCATION};
use domain::text::{Id, Slug};
use infra::{
    api_keys::{self, ApiKey, Rights, Scopes},
    clock,
    http::{Problem, access::scope_missing},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What a key is to be for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "web shop", "scopes": ["orders:read", "orders:write"], "platform": "web",
    "expires_at": "2027-12-31T00:00:00Z"
}))]
pub struct NewKeyBody {
    /// For people.
    #[schema(value_type = String)]
    name: Id,
    /// What it is for, none of which the caller's own key may lack; what that one is
    /// for, if absent.
    scopes: Option<Vec<String>>,
    /// The only platform that it has to do with; all, if absent.
    #[schema(value_type = Option<String>)]
    platform: Option<Slug>,
    /// When it ends, not after the caller's own key; with that one, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

/// A key, and what nobody is told again.
#[derive(Serialize, ToSchema)]
pub struct KeyWithSecret {
    #[serde(flatten)]
    key: ApiKey,
    /// What to send as `Authorization: Bearer`. It is stored nowhere.
    #[schema(example = "ol_k3v9w2xq_Zr0nC5sB1xHq7QmJ2tV8yL4dW6fA9gKpEuXoTiN3RhM")]
    secret: String,
}

answers!(
    Answers: 201 "Made" as Some("KeyWithSecret");
    &["invalid_api_key", "request_spent"]; without orders
);

/// Make an API key
///
/// The answer has the key itself, which is stored nowhere and shown by nobody again:
/// a repeat under the same `Idempotency-Key` is answered `request_spent`. A key gives
/// no more rights than it has itself.
#[utoipa::path(
    post,
    path = "/v1/api_keys",
    operation_id = "create_api_key",
    tag = "api keys",
    params(Headers),
    request_body = NewKeyBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<NewKeyBody>) -> Result<HttpResponse, Problem> {
    let rights = rights(&call, &body)?;
    let (ops, identity) = (&call.api.webhooks.ops, &call.context.identity);
    let made = api_keys::create_by(
        ops,
        identity.id,
        &body.name,
        &rights,
        Some(&call.principal.id),
    );
    let made = made.await.map_err(|error| Problem::database(&error))?;
    let made = made.ok_or_else(|| {
        Problem::conflict("request_spent", "The request was carried out before")
            .detail("the key that it made is not shown again: make another one")
    })?;
    let key = api_keys::one(ops, &made.id).await;
    let key = key.map_err(|error| Problem::database(&error))?;
    let key = key.ok_or_else(|| Problem::internal(Vanished))?;
    tracing::info!(key.id = key.id, actor = call.principal.id, "api_key.made");
    let mut response = HttpResponse::build(StatusCode::CREATED);
    response.insert_header((LOCATION, format!("/v1/api_keys/{}", key.id)));
    let secret = made.secret;
    Ok(told(response, false, &KeyWithSecret { key, secret }))
}

/// The key is gone that was made a moment ago.
#[derive(Debug, thiserror::Error)]
#[error("the new key is not there")]
struct Vanished;

fn rights(call: &Call, body: &NewKeyBody) -> Result<Rights, Problem> {
    let mut problem = None;
    let mut wrong = |pointer: String, detail: &str| {
        let problem_so_far = problem.take().unwrap_or_else(invalid);
        problem = Some(problem_so_far.error(pointer, detail.to_owned()));
    };
    for (at, scope) in body.scopes.iter().flatten().enumerate() {
        if !Scopes::is_known(scope) {
            wrong(format!("/scopes/{at}"), "is no scope");
        }
    }
    let expires_at = body.expires_at.map(Into::into);
    if expires_at.is_some_and(|end| end <= clock::now()) {
        wrong("/expires_at".to_owned(), "has to be in the future");
    }
    // What ends makes nothing that goes on.
    let expires_at: Option<OffsetDateTime> = expires_at.or(call.principal.ends);
    if call.principal.ends.is_some() && expires_at > call.principal.ends {
        wrong(
            "/expires_at".to_owned(),
            "is after the end of the key that asks for it",
        );
    }
    if let Some(problem) = problem {
        return Err(problem);
    }
    let given = body.scopes.iter().flatten().find(|scope| !call.may(scope));
    if let Some(scope) = given {
        return Err(scope_missing(scope));
    }
    Ok(Rights {
        scopes: match &body.scopes {
            Some(scopes) => Scopes::new(Some(scopes.clone())),
            None => call.principal.scopes.clone(),
        },
        platform: body.platform.as_deref().map(str::to_owned),
        expires_at,
    })
}

fn invalid() -> Problem {
    Problem::unprocessable("invalid_api_key", "There is no such key")
}
