//! What is parked: orders, and whatever else a projection cannot apply; with the
//! reason, and another try.

mod acts;
mod one;

pub use acts::{let_go, redrive, redrive_every};
pub use one::{record, show};

use super::{
    PAGE,
    told::{List, Parked, Projections},
};
use crate::{
    Failure, Visit,
    layout::{badge, empty, pager, short, table_box},
    moment,
};
use actix_web::{HttpResponse, web::Query};
use maud::{Markup, html};
use serde::Deserialize;

const REDRIVE: &str = "/v1/admin/parked/{id}/redrive";
const REDRIVE_ALL: &str = "/v1/admin/parked/redrive";
/// The projection that is meant where none is named.
const ORDERS: &str = "orders";
/// What is told of each projection on the page of the pipeline.
const FIRST: usize = 20;

/// Whose parked orders, and from where on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    projection: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    fn projection(&self) -> &str {
        self.projection.as_deref().unwrap_or(ORDERS)
    }
}

/// Where the list of a projection is.
fn list_path(projection: &str, cursor: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("projection", projection);
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    format!("{}/parked?{}", PAGE.path, query.finish())
}

/// Where the page of one is, or what can be done with it.
fn path(parked: &Parked, action: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("projection", &parked.projection);
    query.append_pair("id", &parked.id);
    format!("{}/parked/{action}?{}", PAGE.path, query.finish())
}

/// Which one.
#[derive(Debug, Clone, Deserialize)]
pub struct One {
    projection: String,
    id: String,
}

/// The part of the pipeline's page: the first of each projection in which anything is
/// parked.
///
/// # Errors
/// Whatever the API says instead.
pub async fn section(visit: &Visit, projections: &Projections) -> Result<Markup, Failure> {
    let mut lists = Vec::new();
    for projection in projections
        .data
        .iter()
        .filter(|projection| projection.parked > 0)
    {
        let list: List<Parked> = visit
            .api
            .get(&["admin", "parked"])
            .param("projection", &projection.name)
            .param("limit", FIRST)
            .read()
            .await?;
        lists.push((projection, list));
    }
    Ok(html! {
        @if lists.is_empty() {
            p.hint { "Nothing is parked: every event could be applied." }
        }
        @for (projection, list) in &lists {
            div.card {
                div.head {
                    h3 { (projection.name) " (" (visit.locale.count(projection.parked)) ")" }
                    (redrive_all(visit, &projection.name))
                }
                (table(visit, &list.data))
                @if list.has_more {
                    a href=(list_path(&projection.name, None)) { "All of them" }
                }
            }
        }
    })
}

fn redrive_all(visit: &Visit, projection: &str) -> Markup {
    let fields = html! {
        input type="hidden" name="projection" value=(projection);
        button type="submit" { "Drive all again" }
    };
    html! {
        @if visit.may("POST", REDRIVE_ALL) {
            (visit.form(&format!("{}/parked/redrive-all", PAGE.path), "row", &fields))
        }
    }
}

fn table(visit: &Visit, parked: &[Parked]) -> Markup {
    table_box(
        "Parked",
        &html! {
            table.cards {
                thead { tr {
                    th scope="col" { "What" }
                    th scope="col" { "Reason" }
                    th scope="col" { "Since" }
                    th.right scope="col" { "Waiting" }
                    th.right scope="col" { "Tries" }
                    th scope="col" { "Action" }
                } }
                tbody { @for parked in parked { (row(visit, parked)) } }
            }
        },
    )
}

fn row(visit: &Visit, parked: &Parked) -> Markup {
    html! {
        tr data-entry {
            td data-label="What" {
                a href=(path(parked, "one")) { (short(&parked.id)) }
                " " span.hint { "partition " (parked.partition) }
            }
            td data-label="Reason" { (parked.reason) }
            td data-label="Since" { (moment::told(&parked.since)) }
            td.right data-label="Waiting" { (visit.locale.count(parked.waiting)) }
            td.right data-label="Tries" { (parked.attempts) }
            td data-label="Action" { (again(visit, parked)) }
        }
    }
}

/// The button that drives it again, or that it is about to be.
fn again(visit: &Visit, parked: &Parked) -> Markup {
    html! {
        @if parked.redrive_requested_at.is_some() {
            (badge("about to be driven again", "warm"))
        } @else if visit.may("POST", REDRIVE) {
            (visit.form(&path(parked, "redrive"), "row", &html! {
                button type="submit" { "Drive again" }
            }))
        }
    }
}

/// All that is parked in a projection.
pub async fn list(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Failure> {
    let projection = asked.projection();
    let list: List<Parked> = visit
        .api
        .get(&["admin", "parked"])
        .param("projection", projection)
        .optional("cursor", asked.cursor.as_deref())
        .read()
        .await?;
    let next = list.next_cursor.as_deref();
    let next = next.map(|cursor| list_path(projection, Some(cursor)));
    let title = format!("Parked in {projection}");
    let main = html! {
        p { a href=(PAGE.path) { "← " (PAGE.title) } }
        div.head { h1 { (title) } (redrive_all(&visit, projection)) }
        @if list.data.is_empty() {
            (empty("Nothing is parked.", &html! { "Every event could be applied." }))
        } @else {
            div.card { (table(&visit, &list.data)) }
            (pager(None, next.as_deref()))
        }
    };
    Ok(visit.page(&title, &main))
}
