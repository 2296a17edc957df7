//! `/console/sign-in` and `/console/sign-out`.

use super::{Session, arrival};
use crate::{
    Failure, Posted,
    api::Client,
    csrf::{Fields, same_origin},
    failure::SignedOut,
    layout,
    mount::console_of,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{self, ServiceConfig},
};
use infra::{api_keys::Scopes, http::Principal, secret::Secret};
use maud::html;
use serde::Deserialize;
use time::OffsetDateTime;

/// Where people sign in.
pub const SIGN_IN: &str = "/console/sign-in";
/// Where their forms lead that end a session.
pub const SIGN_OUT: &str = "/console/sign-out";

/// What is said of a key that the API does not take.
const NO_KEY: &str = "This is no valid API key: it is unknown, was revoked, or has ended.";

/// Mounts them.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/sign-in", web::get().to(show))
        .route("/sign-in", web::post().to(sign_in))
        .route("/sign-out", web::post().to(sign_out));
}

/// What the API says of a key (`GET /v1/whoami`).
#[derive(Deserialize)]
struct Whoami {
    id: String,
    name: String,
    scopes: Option<Vec<String>>,
    platform: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

async fn show(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let console = console_of(&request).ok_or(Failure::Starting)?;
    if console.sessions.session(&request).is_some() {
        return Ok(see(console.sessions.back(&request).path()));
    }
    if arrival::is_from_elsewhere(&request) {
        return Ok(arrival::once_more(&request));
    }
    Ok(form(StatusCode::OK, None))
}

async fn sign_in(
    request: HttpRequest,
    fields: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    if !same_origin(&request) {
        return Err(Failure::Forged);
    }
    let console = console_of(&request).ok_or(Failure::Starting)?;
    let fields = Fields::new(fields.into_inner());
    let Some(key) = fields.one("key").map(Secret::new) else {
        return Ok(form(StatusCode::BAD_REQUEST, Some("Give an API key.")));
    };
    // What no header can carry is no key.
    if !key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(form(StatusCode::UNAUTHORIZED, Some(NO_KEY)));
    }
    let api = console.apis.with_key(key.clone(), &request);
    let principal = match whoami(&api).await {
        Ok(principal) => principal,
        Err(Failure::SignedOut(SignedOut::KeyRefused)) => {
            return Ok(form(StatusCode::UNAUTHORIZED, Some(NO_KEY)));
        }
        Err(other) => return Err(other),
    };
    let session = Session::begin(principal, key);
    let sealed = console.sessions.cookie(&session);
    let sealed = sealed.map_err(|error| Failure::Unreadable(error.to_string()))?;
    let Some(cookie) = sealed else {
        let long = "This key is too long to be kept in a browser: sign in with another one.";
        return Ok(form(StatusCode::BAD_REQUEST, Some(long)));
    };
    tracing::info!(principal.id = session.principal.id, "console.signed_in");
    let back = console.sessions.back(&request);
    let mut response = see(back.path());
    let sessions = &console.sessions;
    for cookie in [cookie, sessions.went_back(), sessions.notice_said()] {
        add(&mut response, &cookie)?;
    }
    Ok(response)
}

async fn sign_out(posted: Posted, request: HttpRequest) -> Result<HttpResponse, Failure> {
    tracing::info!(
        principal.id = posted.visit.session.principal.id,
        "console.signed_out"
    );
    let console = console_of(&request).ok_or(Failure::Starting)?;
    let mut response = see(SIGN_IN);
    for cookie in console.sessions.all_gone() {
        add(&mut response, &cookie)?;
    }
    Ok(response)
}

async fn whoami(api: &Client) -> Result<Principal, Failure> {
    let whoami: Whoami = api.get(&["whoami"]).read().await?;
    Ok(Principal {
        id: whoami.id,
        name: whoami.name,
        scopes: Scopes::new(whoami.scopes),
        platform: whoami.platform.map(Into::into),
        ends: whoami.expires_at,
    })
}

/// Sends the browser to a page, by GET.
pub fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}

/// Adds a cookie to an answer.
pub fn add(
    response: &mut HttpResponse,
    cookie: &actix_web::cookie::Cookie<'_>,
) -> Result<(), Failure> {
    let added = response.add_cookie(cookie);
    added.map_err(|error| Failure::Unreadable(error.to_string()))
}

fn form(status: StatusCode, wrong: Option<&str>) -> HttpResponse {
    let main = html! {
        section.card.sign-in {
            h1 { "Sign in" }
            @if let Some(wrong) = wrong {
                p.notice.refused role="alert" { (wrong) }
            }
            form method="post" action=(SIGN_IN) data-once {
                label for="key" { "API key" }
                input #key name="key" type="password" required autocomplete="current-password"
                    autocapitalize="none" spellcheck="false" autofocus;
                p.hint {
                    "The key decides what you see and may do. "
                    code { "orderlog api-key create --name NAME" }
                    " makes one. It stays in a cookie of this browser, sealed, for 12 hours at most."
                }
                button.primary type="submit" { "Sign in" }
            }
        }
    };
    layout::bare(status, "Sign in", &main)
}
