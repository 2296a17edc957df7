//! `GET /console/keys`: all keys.

use super::{PAGE, draft::Draft, told::Key};
use crate::{
    Failure, Refusal, Visit,
    layout::{notice, table_box},
    moment,
    session::Notice,
};
use actix_web::{HttpResponse, http::StatusCode};
use infra::clock;
use maud::{Markup, html};
use serde::Deserialize;

/// The routes that change them.
const CREATE: &str = "/v1/api_keys";
const REVOKE: &str = "/v1/api_keys/{id}";

#[derive(Deserialize)]
struct Keys {
    data: Vec<Key>,
}

/// The page.
pub async fn handle(visit: Visit) -> Result<HttpResponse, Failure> {
    show(&visit, (&Draft::default(), None)).await
}

/// The page with a form that was filled in, and why that was refused.
pub async fn show(
    visit: &Visit,
    (draft, refused): (&Draft, Option<&Refusal>),
) -> Result<HttpResponse, Failure> {
    let mut keys: Keys = visit.api.get(&["api_keys"]).read().await?;
    // The newest first, and what nobody can use any more last.
    let now = clock::now();
    keys.data
        .sort_by_key(|key| (!key.is_live(now), std::cmp::Reverse(key.created_at)));
    let main = html! {
        h1 { (PAGE.title) }
        @if visit.may("POST", CREATE) {
            section.card {
                details open[refused.is_some()] {
                    summary { "New key" }
                    @if let Some(refused) = refused { (notice(&Notice::refused(refused))) }
                    (visit.form(PAGE.path, "stack", &html! {
                        (draft.fields(visit))
                        div.row { button.primary type="submit" { "Make key" } }
                    }))
                }
            }
        }
        section.card { (table(visit, &keys.data)) }
    };
    let status = refused.map_or(StatusCode::OK, Refusal::status);
    Ok(visit.page_with(status, PAGE.title, &main))
}

fn table(visit: &Visit, keys: &[Key]) -> Markup {
    let now = clock::now();
    let revokes = visit.may("DELETE", REVOKE);
    table_box(
        "Keys",
        &html! {
            table.cards {
                thead {
                    tr {
                        th { "Name" }
                        th { "State" }
                        th { "Scopes" }
                        th { "Platform" }
                        th { "Used" }
                        th { "Made" }
                        th { "Ends" }
                        @if revokes { th { span.quiet { "Revoke" } } }
                    }
                }
                tbody {
                    @for key in keys {
                        tr data-entry {
                            td data-label="Name" {
                                (key.name)
                                div.quiet { code title=(key.id) { "ol_" (key.prefix) "_…" } }
                            }
                            td data-label="State" { (key.badge(now)) }
                            td data-label="Scopes" { (scopes(key)) }
                            td data-label="Platform" { (key.platform.as_deref().unwrap_or("all")) }
                            td.nowrap data-label="Used" { (moment::maybe(key.last_used_at)) }
                            td.nowrap data-label="Made" { (moment::moment(key.created_at)) }
                            td.nowrap data-label="Ends" { (moment::maybe(key.revoked_at.or(key.expires_at))) }
                            @if revokes {
                                td data-label="Revoke" {
                                    @if key.is_live(now) { (revoke(visit, key)) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn scopes(key: &Key) -> Markup {
    match key.scopes.as_deref() {
        None => html! { "everything" },
        Some([]) => html! { span.none { "nothing" } },
        Some(scopes) if scopes.len() > 4 => html! {
            details { summary { (scopes.len()) " scopes" } (scopes.join(", ")) }
        },
        Some(scopes) => html! { (scopes.join(", ")) },
    }
}

/// Asks once more, without scripts too.
fn revoke(visit: &Visit, key: &Key) -> Markup {
    let own = key.id == visit.session.principal.id;
    let path = format!("{}/{}/revoke", PAGE.path, key.id);
    html! {
        details {
            summary { "Revoke" }
            (visit.form(&path, "stack", &html! {
                p.hint {
                    @if own { "It is your own: you are signed out by it. " }
                    "Whoever uses it is refused at once. This cannot be taken back."
                }
                button.bad type="submit" { "Revoke key" }
            }))
        }
    }
}
