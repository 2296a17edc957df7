//! Who is calling.

use super::problem::Problem;
use crate::api_keys::{ApiKeys, Scopes};
use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::AUTHORIZATION},
};
use futures_util::future::LocalBoxFuture;

/// The API key of a request, found through `Authorization: Bearer`. A handler
/// that takes one is closed to everybody else. The application's data must
/// hold an [`ApiKeys`].
///
/// # Errors
/// 401 where the header or the key is missing, unknown or revoked; 503 where
/// the database of keys is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Id of the key: the actor of every event it leads to.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
}

/// The bearer of a request that outlives the request's head: asked again for
/// each command of a stream, as its key may be revoked meanwhile.
#[derive(Debug, Clone)]
pub struct Caller {
    keys: ApiKeys,
    token: String,
}

impl Caller {
    /// Who sent this request, whether they may or not.
    ///
    /// # Errors
    /// 401 where the request names nobody.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let token = bearer(request)
            .ok_or_else(Problem::unauthorized)?
            .to_owned();
        let keys = request.app_data::<ApiKeys>();
        let keys = keys.ok_or_else(|| Problem::internal(NoKeys))?.clone();
        Ok(Self { keys, token })
    }

    /// Who it is, by a key that is valid now.
    ///
    /// # Errors
    /// As those of every [`Principal`].
    pub async fn principal(&self) -> Result<Principal, Problem> {
        match self.keys.verify(&self.token).await {
            Ok(Some(key)) => Ok(Principal {
                id: key.id.clone(),
                name: key.name.clone(),
                scopes: key.scopes.clone(),
            }),
            Ok(None) => Err(Problem::unauthorized()),
            Err(error) => Err(Problem::unavailable(1)
                .detail("keys cannot be looked up")
                .caused_by(error.as_ref())),
        }
    }
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let principal = authenticate(&request).await?;
            request.extensions_mut().insert(principal.clone());
            Ok(principal)
        })
    }
}

async fn authenticate(request: &HttpRequest) -> Result<Principal, Problem> {
    Caller::of(request)?.principal().await
}

/// The application was put together without its keys.
#[derive(Debug, thiserror::Error)]
#[error("no ApiKeys in the application's data")]
struct NoKeys;

/// Whether the key of a request that is still being answered is still one: it
/// may have been revoked since. A database that is away takes nothing away.
pub async fn still_allowed(request: &HttpRequest) -> bool {
    let again = authenticate(request).await;
    again.map_or_else(
        |problem| problem.status() != StatusCode::UNAUTHORIZED,
        |_| true,
    )
}

/// The scheme's name is case-insensitive (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
