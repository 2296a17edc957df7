//! Who is calling.

use super::{access, body::JsonBody, problem::Problem, rate};
use crate::{
    api_keys::{ApiKeys, Scopes},
    config::Config,
    tokens::{Tokens, TokensError},
};
use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::{Method, StatusCode, header::AUTHORIZATION},
};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use std::sync::Arc;
use time::OffsetDateTime;

/// Header by which a caller gives up what their key is for, but for these scopes.
pub const NARROWED_TO: &str = "Orderlog-Scopes";

/// Tells who calls: by API keys, and by the tokens of an identity provider where one
/// is configured. One per process, cheap to clone.
#[derive(Debug, Clone)]
pub struct Authenticator {
    keys: ApiKeys,
    tokens: Option<Tokens>,
}

impl Authenticator {
    /// With the keys of the ops database, and tokens as configured.
    ///
    /// # Errors
    /// When tokens cannot be taken as configured.
    pub fn new(config: &Config, ops: PgPool) -> Result<Self, TokensError> {
        Ok(Self {
            keys: ApiKeys::new(ops),
            tokens: Tokens::of(config)?,
        })
    }

    async fn principal(&self, bearer: &str) -> Result<Principal, Problem> {
        match &self.tokens {
            Some(tokens) if Tokens::are_like(bearer) => {
                let verified = tokens.verify(bearer).await.map_err(|away| {
                    let problem = Problem::unavailable(1);
                    problem.detail("tokens cannot be verified").caused_by(&away)
                })?;
                let bearer = verified.ok_or_else(Problem::unauthorized)?;
                Ok(Principal {
                    name: bearer.id.clone(),
                    id: bearer.id,
                    scopes: bearer.scopes,
                    platform: bearer.platform.map(Into::into),
                    ends: Some(bearer.ends),
                })
            }
            _ => match self.keys.verify(bearer).await {
                Ok(Some(key)) => Ok(Principal {
                    id: key.id.clone(),
                    name: key.name.clone(),
                    scopes: key.scopes.clone(),
                    platform: key.platform.as_deref().map(Into::into),
                    ends: key.expires_at,
                }),
                Ok(None) => Err(Problem::unauthorized()),
                Err(error) => Err(Problem::unavailable(1)
                    .detail("keys cannot be looked up")
                    .caused_by(error.as_ref())),
            },
        }
    }
}

/// Whoever a request is of, found through `Authorization: Bearer`. A handler that
/// takes one is closed to everybody else, and to those whose key is not for its
/// route ([`access`]). The application's data must hold an [`Authenticator`].
///
/// # Errors
/// 401 where the header or the key is missing, unknown, revoked or at its end; 403
/// where it is for other things; 429 where it was used too often; 503 where keys cannot be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Id of the key: the actor of every event it leads to.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// The only platform that it has to do with; none: all.
    pub platform: Option<Arc<str>>,
    /// When their key ends; none: never.
    pub ends: Option<OffsetDateTime>,
}

impl Principal {
    /// Somebody who may do everything.
    pub fn for_everything(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            scopes: Scopes::default(),
            platform: None,
            ends: None,
        }
    }

    /// Whether no route is closed to them.
    pub(super) fn may_do_everything(&self) -> bool {
        self.scopes.named().is_none() && self.platform.is_none()
    }

    /// Whether they have to do with this platform.
    ///
    /// # Errors
    /// 403 where their key is for another one.
    pub fn check_platform(&self, platform: &str) -> Result<(), Problem> {
        match &self.platform {
            Some(own) if **own != *platform => Err(access::platform_not_allowed(own)),
            _ => Ok(()),
        }
    }

    /// Whether what is of this platform is there for them.
    pub fn sees(&self, platform: &str) -> bool {
        self.check_platform(platform).is_ok()
    }
}

/// The bearer of a request that outlives the request's head: asked again for
/// each command of a stream, as its key may be revoked meanwhile.
#[derive(Debug, Clone)]
pub struct Caller {
    authenticator: Authenticator,
    bearer: String,
    narrowed_to: Option<Scopes>,
    route: (Method, String),
}

impl Caller {
    /// Who sent this request, whether they may or not.
    ///
    /// # Errors
    /// 401 where the request names nobody.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let bearer = bearer(request)
            .ok_or_else(Problem::unauthorized)?
            .to_owned();
        let authenticator = authenticator(request)?;
        let pattern = request.match_pattern();
        Ok(Self {
            authenticator: authenticator.clone(),
            bearer,
            narrowed_to: narrowed_to(request),
            route: (
                request.method().clone(),
                pattern.unwrap_or_else(|| request.path().to_owned()),
            ),
        })
    }

    /// Who it is, by a key that is valid now and is for the request's route.
    ///
    /// # Errors
    /// As those of every [`Principal`].
    pub async fn principal(&self) -> Result<Principal, Problem> {
        let mut principal = self.authenticator.principal(&self.bearer).await?;
        if let Some(narrowed_to) = &self.narrowed_to {
            principal.scopes = principal.scopes.and(narrowed_to);
        }
        let (method, pattern) = &self.route;
        access::check(&principal, method.as_str(), pattern)?;
        Ok(principal)
    }
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            make_known(&request).await?;
            let extensions = request.extensions();
            let known = extensions.get::<Self>();
            known.cloned().ok_or_else(Problem::unauthorized)
        })
    }
}

/// Somebody who may make a request, for whoever does not care who that is.
///
/// # Errors
/// Those of every [`Principal`].
#[derive(Debug, Clone, Copy)]
pub struct Admitted;

impl FromRequest for Admitted {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { make_known(&request).await.map(|()| Self) })
    }
}

/// The only platform that whoever has sent a request has to do with; none: all.
///
/// # Errors
/// Those of every [`Principal`].
pub async fn own_platform(request: &HttpRequest) -> Result<Option<Arc<str>>, Problem> {
    make_known(request).await?;
    let extensions = request.extensions();
    let principal = extensions.get::<Principal>();
    Ok(principal.and_then(|principal| principal.platform.clone()))
}

/// Notes whose a request is, once, and counts it.
async fn make_known(request: &HttpRequest) -> Result<(), Problem> {
    // What stands before the handler has asked already.
    if request.extensions().contains::<Principal>() {
        return Ok(());
    }
    let principal = authenticate(request).await?;
    admit(request, principal).await
}

/// A JSON body, and who has sent it. Extractors of one handler run at the same time:
/// with two of them, something would be read of, and said to, whoever may not be here.
///
/// # Errors
/// Those of every [`Principal`], then those of every [`JsonBody`].
#[derive(Debug, Clone)]
pub struct Sent<T> {
    /// Who.
    pub principal: Principal,
    /// What.
    pub body: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for Sent<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let principal = Principal::extract(&request).await?;
            let body = JsonBody::from_request(&request, &mut payload).await?;
            let body = body.value;
            Ok(Self { principal, body })
        })
    }
}

/// Counts a request of somebody who may make it, and notes whose it is.
///
/// # Errors
/// 429 where they, or all keys of their platform, have made too many.
pub async fn admit(request: &HttpRequest, principal: Principal) -> Result<(), Problem> {
    let counted = rate::count(request, &principal).await;
    request.extensions_mut().insert(principal);
    counted
}

/// As [`Caller`] does it for a request whose head is still there.
async fn authenticate(request: &HttpRequest) -> Result<Principal, Problem> {
    let token = bearer(request).ok_or_else(Problem::unauthorized)?;
    let mut principal = authenticator(request)?.principal(token).await?;
    if let Some(narrowed_to) = narrowed_to(request) {
        principal.scopes = principal.scopes.and(&narrowed_to);
    }
    if !principal.may_do_everything() {
        let pattern = request.match_pattern();
        let pattern = pattern.as_deref().unwrap_or_else(|| request.path());
        access::check(&principal, request.method().as_str(), pattern)?;
    }
    if let Some(platform) = platform_of_path(request) {
        principal.check_platform(platform)?;
    }
    Ok(principal)
}

fn authenticator(request: &HttpRequest) -> Result<&Authenticator, Problem> {
    let authenticator = request.app_data::<Authenticator>();
    authenticator.ok_or_else(|| Problem::internal(NoKeys))
}

/// The platform that a path names.
fn platform_of_path(request: &HttpRequest) -> Option<&str> {
    let parts = request.match_info();
    parts.get("platform").or_else(|| parts.get("slug"))
}

/// The application was put together without its keys.
#[derive(Debug, thiserror::Error)]
#[error("no Authenticator in the application's data")]
struct NoKeys;

/// Whether the key of a request that is still being answered is still one: it
/// may have been revoked since. A database that is away takes nothing away.
pub async fn still_allowed(request: &HttpRequest) -> bool {
    let again = authenticate(request).await;
    again.map_or_else(
        |problem| {
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            !refused.contains(&problem.status())
        },
        |_| true,
    )
}

/// The scopes that the request is content with, separated by spaces.
fn narrowed_to(request: &HttpRequest) -> Option<Scopes> {
    let value = request.headers().get(NARROWED_TO)?;
    // What cannot be read is no scope.
    let text = value.to_str().unwrap_or_default();
    let names = text.split(' ').filter(|name| !name.is_empty());
    Some(Scopes::new(Some(names.map(str::to_owned).collect())))
}

/// The scheme's name is case-insensitive (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
