//! A request of somebody who is signed in, and what a page is made with.

use crate::{
    Console, Failure, Page, Refusal,
    api::Client,
    csrf::{FIELD, ONCE},
    layout,
    locale::Locale,
    mount::console_of,
    session::{Notice, Session, add, see},
};
use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header::ACCEPT},
};
use infra::http::access;
use maud::{Markup, html};
use std::future::{Ready, ready};

/// What the module of a page accepts.
const FRAGMENT: &[u8] = b"application/x-fragment";

/// Who is looking, with what they need. A handler that takes one is closed to everybody
/// else.
pub struct Visit {
    /// Who is signed in, and what they may do.
    pub session: Session,
    /// Both APIs, by their key.
    pub api: Client,
    /// How they write numbers.
    pub locale: Locale,
    /// What was done before this page.
    pub notice: Option<Notice>,
    console: Console,
    path: String,
}

impl Visit {
    /// Whoever has sent a request.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let console = console_of(request).ok_or(Failure::Starting)?;
        let session = Session::of(request)?;
        // For the log line of the request.
        request.extensions_mut().insert(session.principal.clone());
        Ok(Self {
            api: console.apis.with_key(session.key.clone(), request),
            locale: Locale::of(request),
            notice: console.sessions.notice(request),
            console: console.clone(),
            path: request.path().to_owned(),
            session,
        })
    }

    /// The path that was asked for, without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the API would let them do this; see [`Session::may`].
    pub fn may(&self, method: &str, route: &str) -> bool {
        self.session.may(method, route)
    }

    /// Refuses what [`Visit::may`] does not allow, as the API would: before what somebody
    /// has sent is looked at.
    ///
    /// # Errors
    /// 403, in the API's words.
    pub fn demand(&self, method: &str, route: &str) -> Result<(), Failure> {
        let checked = access::check(&self.session.principal, method, route);
        checked.map_err(|problem| {
            Failure::Refused(Box::new(Refusal {
                problem: problem.document(None, None),
                retry_after: None,
            }))
        })
    }

    /// Whether they are shown a page.
    pub fn sees(&self, page: &Page) -> bool {
        self.may("GET", page.needs)
    }

    /// Whoever did something: they themselves, or somebody else by their id.
    pub fn who(&self, actor: &str) -> Markup {
        html! {
            @if actor == self.session.principal.id { "you" } @else { code { (actor) } }
        }
    }

    /// A form that leads to `action` by POST, with the session's token and an
    /// idempotency key of its own.
    pub fn form(&self, action: &str, class: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action=(action) class=(class) data-once {
                (self.hidden())
                (fields)
            }
        }
    }

    /// The hidden fields of a form, for forms that are more than [`Visit::form`].
    pub fn hidden(&self) -> Markup {
        html! {
            input type="hidden" name=(FIELD) value=(self.session.csrf);
            input type="hidden" name=(ONCE) value=(infra::clock::new_id().to_string());
        }
    }

    /// The whole answer: a page with this heading and content.
    pub fn page(&self, title: &str, main: &Markup) -> HttpResponse {
        self.page_with(StatusCode::OK, title, main)
    }

    /// The same with another status, such as that of a refusal it shows.
    pub fn page_with(&self, status: StatusCode, title: &str, main: &Markup) -> HttpResponse {
        let mut response = layout::page(self, status, title, main);
        if self.notice.is_some() {
            // Another request may have said it already: then it is said twice.
            let _ = add(&mut response, &self.console.sessions.notice_said());
        }
        response
    }

    /// A part of a page, for the module that puts it in place.
    pub fn fragment(&self, part: Markup) -> HttpResponse {
        layout::fragment(part)
    }

    /// A part of a page, or a page of its own where no script has asked for it.
    pub fn part(&self, request: &HttpRequest, title: &str, part: Markup) -> HttpResponse {
        let accepts = request.headers().get(ACCEPT);
        if accepts.is_some_and(|accepts| accepts.as_bytes() == FRAGMENT) {
            return self.fragment(part);
        }
        self.page(title, &html! { section.card { h1 { (title) } (part) } })
    }

    /// Sends the browser to `path` by GET, where the next page says this first.
    pub fn see(&self, path: &str, notice: &Notice) -> HttpResponse {
        let mut response = see(path);
        if let Some(cookie) = self.console.sessions.keep_notice(notice) {
            // Without it, the page says nothing, and shows what was done.
            let _ = add(&mut response, &cookie);
        }
        response
    }
}

impl FromRequest for Visit {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
