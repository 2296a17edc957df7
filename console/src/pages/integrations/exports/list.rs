//! `GET /console/exports`: all exports, and the form that asks for one.

use super::{PAGE, export::words, path_of, told::Export, wanted::Wanted};
use crate::{
    Failure, Fields, Posted, Refusal, Visit,
    layout::{empty, notice, table_box},
    moment,
    pages::integrations::{
        fields::select,
        listed::{LIMIT, Listed},
    },
    session::Notice,
};
use actix_web::{HttpResponse, http::StatusCode, web::Query};
use maud::{Markup, html};
use reqwest::Method;

/// The route that takes requests for them.
const CREATE: &str = "/v1/exports";
/// What the list can be asked for.
const FILTERS: [&str; 2] = ["state", "kind"];
const STATES: [(&str, &str); 7] = [
    ("", "any"),
    ("pending", "pending"),
    ("running", "running"),
    ("done", "done"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("expired", "expired"),
];
const KINDS: [(&str, &str); 4] = [
    ("", "any"),
    ("orders", "orders"),
    ("lines", "lines"),
    ("events", "events"),
];

/// The page.
pub async fn handle(
    visit: Visit,
    asked: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    let asked = Fields::new(asked.into_inner());
    show(&visit, &asked, (&Wanted::default(), None)).await
}

/// `POST /console/exports`: asks for one.
pub async fn create(posted: Posted) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("POST", CREATE)?;
    let once = fields.once()?.to_owned();
    let wanted = Wanted::filled_in(fields);
    let asked = visit.api.command(Method::POST, &["exports"]);
    let asked = asked.idempotency_key(&once).json(&wanted.body()?);
    match asked.read::<Export>().await {
        Ok(export) => {
            let done = Notice::done("The export is asked for, and written in the background.");
            Ok(visit.see(&path_of(export.id), &done))
        }
        Err(failure) => {
            let refused = failure.into_refusal()?;
            show(&visit, &Fields::default(), (&wanted, Some(&refused))).await
        }
    }
}

async fn show(
    visit: &Visit,
    asked: &Fields,
    (wanted, refused): (&Wanted, Option<&Refusal>),
) -> Result<HttpResponse, Failure> {
    let mut listed = visit.api.get(&["exports"]).param("limit", LIMIT);
    for name in FILTERS.into_iter().chain(["cursor"]) {
        listed = listed.optional(name, asked.one(name));
    }
    let listed: Listed<Export> = listed.read().await?;
    let main = html! {
        h1 { (PAGE.title) }
        @if visit.may("POST", CREATE) {
            section.card {
                details open[refused.is_some() || listed.data.is_empty()] {
                    summary { "New export" }
                    @if let Some(refused) = refused { (notice(&Notice::refused(refused))) }
                    (visit.form(PAGE.path, "stack", &html! {
                        (wanted.fields())
                        div.row { button.primary type="submit" { "Start export" } }
                    }))
                }
            }
        }
        section.card {
            form.filters method="get" action=(PAGE.path) data-submit-on-change {
                (select("State", "state", &STATES, asked.one("state")))
                (select("What", "kind", &KINDS, asked.one("kind")))
                div.row data-manual { button type="submit" { "Show" } }
            }
            @if listed.data.is_empty() {
                (empty(
                    "There is no such export.",
                    &html! { "Exports that are started above are listed here; their files are kept for some days." },
                ))
            } @else {
                (table(visit, &listed.data))
            }
            @if let Some(pager) = listed.pager(PAGE.path, &FILTERS, asked) { (pager) }
        }
    };
    let status = refused.map_or(StatusCode::OK, Refusal::status);
    Ok(visit.page_with(status, PAGE.title, &main))
}

fn table(visit: &Visit, exports: &[Export]) -> Markup {
    table_box(
        "Exports",
        &html! {
            table.cards {
                thead {
                    tr { th { "Asked for" } th { "What" } th { "State" } th { "How far" } th { "Kept until" } }
                }
                tbody {
                    @for export in exports {
                        tr data-entry {
                            td.nowrap data-label="Asked for" {
                                a href=(path_of(export.id)) { (moment::moment(export.created_at)) }
                            }
                            td data-label="What" { (export.what()) }
                            td data-label="State" { (export.badge()) }
                            td data-label="How far" { (words(visit, export)) }
                            td.nowrap data-label="Kept until" { (moment::maybe(export.expires_at)) }
                        }
                    }
                }
            }
        },
    )
}
