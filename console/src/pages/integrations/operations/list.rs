//! `GET /console/operations`: all operations, and the form to upload a file.

use super::{PAGE, UPLOAD, operation::words, path_of, told::Operation, wanted::Wanted};
use crate::{
    Failure, Fields, Refusal, Visit,
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

/// The route that a file's orders are held against.
const IMPORT: &str = "/v1/orders/import";
/// States, and what people call them.
const STATES: [(&str, &str); 6] = [
    ("", "any"),
    ("pending", "pending"),
    ("running", "running"),
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
];

/// The page.
pub async fn handle(
    visit: Visit,
    asked: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    let asked = Fields::new(asked.into_inner());
    show(&visit, &asked, (&Wanted::default(), None)).await
}

/// The page with a form that was filled in, and why that was refused.
pub async fn show(
    visit: &Visit,
    asked: &Fields,
    (wanted, refused): (&Wanted, Option<&Refusal>),
) -> Result<HttpResponse, Failure> {
    let state = asked.one("state");
    let listed = visit.api.get(&["operations"]).param("limit", LIMIT);
    let listed = listed.optional("state", state);
    let listed = listed.optional("cursor", asked.one("cursor"));
    let listed: Listed<Operation> = listed.read().await?;
    let main = html! {
        h1 { (PAGE.title) }
        @if visit.may("POST", UPLOAD) {
            section.card { (upload(visit, wanted, refused, listed.data.is_empty() && state.is_none())) }
        }
        section.card {
            form.filters method="get" action=(PAGE.path) data-submit-on-change {
                (select("State", "state", &STATES, state))
                div.row data-manual { button type="submit" { "Show" } }
            }
            @if listed.data.is_empty() {
                (empty(
                    "There is no such operation.",
                    &html! { "Files that are uploaded above are listed here, and so is what "
                        code { "POST /v1/operations" } " was sent. They are kept for some weeks." },
                ))
            } @else {
                (table(visit, &listed.data))
            }
            @if let Some(pager) = listed.pager(PAGE.path, &["state"], asked) { (pager) }
        }
    };
    let status = refused.map_or(StatusCode::OK, Refusal::status);
    Ok(visit.page_with(status, PAGE.title, &main))
}

fn upload(visit: &Visit, wanted: &Wanted, refused: Option<&Refusal>, open: bool) -> Markup {
    html! {
        details open[open || refused.is_some()] {
            summary { "Upload a file" }
            @if let Some(refused) = refused { (notice(&Notice::refused(refused))) }
            @if !visit.may("POST", IMPORT) {
                p.hint {
                    "Your key has no scope " code { "orders:import" }
                    ": orders of a file would be refused one by one."
                }
            }
            form.stack method="post" action=(PAGE.path) enctype="multipart/form-data" data-once {
                (visit.hidden())
                (wanted.fields())
                div.row { button.primary type="submit" { "Upload" } }
            }
        }
    }
}

fn table(visit: &Visit, operations: &[Operation]) -> Markup {
    table_box(
        "Operations",
        &html! {
            table.cards {
                thead {
                    tr {
                        th { "Asked for" }
                        th { "What" }
                        th { "State" }
                        th { "How far" }
                        th.right { "Failed" }
                    }
                }
                tbody {
                    @for operation in operations {
                        tr data-entry {
                            td.nowrap data-label="Asked for" {
                                a href=(path_of(operation.id)) { (moment::moment(operation.created_at)) }
                            }
                            td data-label="What" { (operation.what()) }
                            td data-label="State" { (operation.badge()) }
                            td data-label="How far" { (words(visit, operation)) }
                            td.right data-label="Failed" { (visit.locale.count(operation.progress.failed)) }
                        }
                    }
                }
            }
        },
    )
}
