//! The skeleton of every page, and the parts that pages have in common.

pub mod failed;
mod missing;
mod notices;
mod parts;
mod raw;

pub use missing::{Part, missing};
pub use notices::notice;
pub use parts::{badge, empty, figures, not_live, pager, short, table_box, table_card};
pub use raw::{beginning, raw, whole};

use crate::{Visit, assets, pages, session::SIGN_OUT};
use actix_web::{HttpResponse, http::StatusCode};
use maud::{DOCTYPE, Markup, html};

const HTML: &str = "text/html; charset=utf-8";

/// A page of somebody who is signed in.
pub(crate) fn page(visit: &Visit, status: StatusCode, title: &str, main: &Markup) -> HttpResponse {
    let body = html! {
        header.top {
            a.skip href="#main" { "Skip to the content" }
            a.brand href="/console" { "Orderlog" }
            nav aria-label="Pages" {
                @for page in pages::NAVIGATION.iter().filter(|page| visit.sees(page)) {
                    @let here = is_below(visit.path(), page.path);
                    a href=(page.path) aria-current=[here.then_some("page")] { (page.title) }
                }
            }
            div.who {
                span title=(visit.session.principal.id) { (visit.session.principal.name) }
                @if let Some(platform) = &visit.session.principal.platform {
                    span.badge { (platform) }
                }
                form method="post" action=(SIGN_OUT) {
                    (visit.hidden())
                    button.link type="submit" { "Sign out" }
                }
            }
        }
        main #main tabindex="-1" {
            div #notices role="status" aria-live="polite" {
                @if let Some(said) = &visit.notice { (notice(said)) }
            }
            (main)
        }
        (help())
    };
    document(status, title, None, &body)
}

/// A page of nobody: to sign in, or where something failed before it is known who asks.
pub(crate) fn bare(status: StatusCode, title: &str, main: &Markup) -> HttpResponse {
    let body = html! {
        header.top { a.brand href="/console" { "Orderlog" } }
        main #main { (main) }
    };
    document(status, title, None, &body)
}

/// A page that leads to a path of ours at once, by a navigation of its own.
pub(crate) fn leads_on(path: &str) -> HttpResponse {
    let body = html! {
        main #main {
            section.card.failed { p { a href=(path) { "Go on to the page" } } }
        }
    };
    document(StatusCode::OK, "One moment", Some(path), &body)
}

/// A part of a page, without its skeleton.
pub(crate) fn fragment(part: Markup) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(HTML)
        .body(part.into_string())
}

fn document(status: StatusCode, title: &str, next: Option<&str>, body: &Markup) -> HttpResponse {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(path) = next { meta http-equiv="refresh" content={ "0;url=" (path) }; }
                title { (title) " · Orderlog" }
                link rel="icon" type="image/svg+xml" href=(assets::icon());
                link rel="stylesheet" href=(assets::style());
                script type="module" src=(assets::module()) {}
            }
            body { (body) }
        }
    };
    HttpResponse::build(status)
        .content_type(HTML)
        .body(document.into_string())
}

/// Whether a path is this page or one below it.
fn is_below(path: &str, page: &str) -> bool {
    let rest = path.strip_prefix(page);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the keys do; the module opens it on `?`.
fn help() -> Markup {
    html! {
        dialog #help aria-labelledby="help-title" {
            h2 #help-title { "Keys" }
            dl.keys {
                dt { kbd { "/" } } dd { "Search" }
                dt { kbd { "j" } " " kbd { "k" } } dd { "Next and previous entry" }
                dt { kbd { "Enter" } } dd { "Open the entry" }
                dt { kbd { "?" } } dd { "This help" }
                dt { kbd { "Esc" } } dd { "Close it" }
            }
            form method="dialog" { button type="submit" { "Close" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_current_one_below_its_path_too() {
        assert!(is_below("/console/orders", "/console/orders"));
        assert!(is_below("/console/orders/1", "/console/orders"));
        assert!(!is_below("/console/orderships", "/console/orders"));
    }
}
