//! The pages of failures: what has happened, and what to do.

use super::{bare, figures};
use crate::{
    Failure, Refusal, Visit,
    failure::SignedOut,
    mount::console_of,
    session::{Back, SIGN_IN, add, arrival, see},
};
use actix_web::{
    Error, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, RETRY_AFTER},
    },
};
use infra::http::Problem;
use maud::{Markup, html};

/// The page that a failure leads to.
pub fn page(request: &HttpRequest, error: &Error) -> HttpResponse {
    if let Some(failure) = error.as_error::<Failure>() {
        return of_failure(request, failure);
    }
    let status = error.as_response_error().status_code();
    let said = error.as_error::<Problem>().map(ToString::to_string);
    let said = said.unwrap_or_else(|| error.to_string());
    show(request, status, "This is no page", &html! { p { (said) } })
}

fn of_failure(request: &HttpRequest, failure: &Failure) -> HttpResponse {
    use actix_web::ResponseError as _;
    let status = failure.status_code();
    failure.log();
    match failure {
        Failure::SignedOut(why) => signed_out(request, *why),
        Failure::Refused(refusal) => refused(request, status, refusal),
        Failure::Forged => {
            let what = html! {
                p { "The form was not of this session, so nothing was done." }
                p { "Go back, reload the page, and send it again." }
            };
            show(request, status, "Not done", &what)
        }
        Failure::Form(what) => {
            let what = html! {
                p { (what) "." }
                p { "Go back and correct it. Nothing was done." }
            };
            show(request, status, "Not done", &what)
        }
        Failure::Unknown => {
            let what = html! {
                p { "There is nothing at this address." }
                p { a href="/console" { "Go to the first page" } }
            };
            show(request, status, "No such page", &what)
        }
        Failure::Starting => {
            let what = html! { p { "The console is about to start: reload the page." } };
            show(request, status, "Not yet", &what)
        }
        Failure::Away { late, .. } => {
            let what = html! {
                p { @if *late { "The API took too long." } @else { "The API does not answer." } }
                p { "Try again in a moment. If it stays so, the operators of this system have to look." }
            };
            show(request, status, "Not available", &what)
        }
        Failure::Unreadable(_) => {
            let what = html! {
                p { "The API has said something that this console cannot read." }
                p { "They may be of different releases for a moment: try again." }
            };
            show(request, status, "Not available", &what)
        }
    }
}

/// Pages lead to the form; whatever the module of a page has asked for says so to it.
fn signed_out(request: &HttpRequest, why: SignedOut) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT);
    let accepts = accepts.and_then(|value| value.to_str().ok());
    if !accepts.is_none_or(|accepts| accepts.contains("text/html") || accepts == "*/*") {
        return text(StatusCode::UNAUTHORIZED, "Nobody is signed in.\n");
    }
    if why == SignedOut::NoSession && arrival::is_from_elsewhere(request) {
        return arrival::once_more(request);
    }
    let mut response = see(SIGN_IN);
    let Some(console) = console_of(request) else {
        return response;
    };
    let sessions = &console.sessions;
    let back = arrival::is_navigation(request)
        .then(|| sessions.keep_back(&Back::of(request)))
        .flatten();
    let ended = (why == SignedOut::KeyRefused).then(|| sessions.ended());
    for cookie in back.into_iter().chain(ended) {
        // What is lost is the way back.
        let _ = add(&mut response, &cookie);
    }
    response
}

fn refused(request: &HttpRequest, status: StatusCode, refusal: &Refusal) -> HttpResponse {
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        status if status.is_server_error() => "Not available",
        _ => "Refused",
    };
    let told = refusal.figures();
    let what = html! {
        p { (refusal.sentence()) "." }
        @if !told.is_empty() { (figures(&told)) }
        p { (to_do(status)) }
        @if let Some(trace) = &refusal.problem.trace_id {
            p.hint { "Trace " code { (trace) } ", code " code { (refusal.problem.code) } }
        }
    };
    let mut response = show(request, status, title, &what);
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn to_do(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => {
            "It may never have been there, or be of a platform that your key is not for."
        }
        StatusCode::FORBIDDEN => {
            "Sign in with a key that is for this, or ask whoever gave you yours."
        }
        StatusCode::BAD_REQUEST => "Go back and correct what was asked for.",
        StatusCode::TOO_MANY_REQUESTS => "Wait a moment, then try again.",
        status if status.is_server_error() => "Try again in a moment.",
        _ => "Look at the newest state, then decide again.",
    }
}

/// With the navigation, where somebody is signed in.
fn show(request: &HttpRequest, status: StatusCode, title: &str, what: &Markup) -> HttpResponse {
    let main = html! {
        section.card.failed {
            h1 { (title) }
            (what)
        }
    };
    match Visit::of(request) {
        Ok(visit) => visit.page_with(status, title, &main),
        Err(_) => bare(status, title, &main),
    }
}

fn text(status: StatusCode, what: &'static str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(what)
}
