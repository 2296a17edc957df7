//! What is parked: orders, and whatever else a projection cannot apply; with the
//! reason, and another try.

use super::{
    PAGE,
    told::{List, Parked, Projections, Record},
};
use crate::{
    Failure, Posted, Visit,
    layout::{badge, empty, pager, short},
    moment,
    session::Notice,
};
use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use maud::{Markup, html};
use reqwest::Method;
use serde::Deserialize;

const REDRIVE: &str = "/v1/admin/parked/{id}/redrive";
const REDRIVE_ALL: &str = "/v1/admin/parked/redrive";
const DISCARD: &str = "/v1/admin/parked/{id}/discard";
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
    // An id may be a place such as `orders.events.v1/3/41`.
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
        section #parked {
            h2 { "Parked" }
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
    html! {
        div.table tabindex="0" role="region" aria-label="Parked" {
            table.cards {
                thead { tr {
                    th scope="col" { "What" }
                    th scope="col" { "Reason" }
                    th scope="col" { "Since" }
                    th scope="col" { "Waiting" }
                    th scope="col" { "Tries" }
                    th scope="col" { "Action" }
                } }
                tbody { @for parked in parked { (row(visit, parked)) } }
            }
        }
    }
}

fn row(visit: &Visit, parked: &Parked) -> Markup {
    html! {
        tr data-entry {
            td data-label="What" {
                a href=(path(parked, "one")) { (short(&parked.id)) }
                " " span.hint { "partition " (parked.partition) }
            }
            td data-label="Reason" { (parked.reason) }
            td data-label="Since" { (moment::told(&parked.parked_at)) }
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

/// One of them, with the records that wait.
pub async fn show(visit: Visit, one: Query<One>) -> Result<HttpResponse, Failure> {
    let parked: Parked = visit
        .api
        .get(&["admin", "parked", &one.id])
        .param("projection", &one.projection)
        .read()
        .await?;
    let is_order = parked.projection == ORDERS && !parked.id.contains('/');
    let main = html! {
        p { a href=(list_path(&parked.projection, None)) { "← Parked in " (parked.projection) } }
        h1 { "Parked: " code { (parked.id) } }
        div.card {
            p { (parked.reason) }
            dl.figures {
                dt { "Since" } dd { (moment::told(&parked.parked_at)) }
                dt { "Served meanwhile" }
                dd {
                    @if parked.version == 0 { "nothing" }
                    @else { "version " (parked.version) }
                }
                dt { "Records that wait" } dd { (visit.locale.count(parked.waiting)) }
                dt { "Tries in vain" }
                dd {
                    (parked.attempts)
                    @if let Some(at) = &parked.attempted_at { ", the last " (moment::told(at)) }
                }
            }
            @if is_order && parked.version > 0 {
                p { a href={ "/console/orders/" (parked.id) } { "The order as it is served" } }
            }
            (again(&visit, &parked))
        }
        (records(&parked.records))
        (discard(&visit, &parked))
    };
    Ok(visit.page("Parked", &main))
}

fn records(records: &[Record]) -> Markup {
    html! {
        h2 { "Records that wait" }
        @for record in records {
            details.card {
                summary {
                    "Partition " (record.partition) ", offset " (record.offset)
                    @if let Some(version) = record.version { ", version " (version) }
                }
                dl.figures {
                    @for (name, value) in &record.headers {
                        dt { (name) }
                        dd { (value.as_deref().unwrap_or("none")) }
                    }
                }
                pre tabindex="0" { code { (record.value.as_deref().unwrap_or("no value")) } }
            }
        }
    }
}

/// Of a record that names no order: letting it go.
fn discard(visit: &Visit, parked: &Parked) -> Markup {
    let names_nothing = parked.id.contains('/');
    let fields = html! {
        div.field {
            label for="reason" { "Why it is nobody's" }
            input #reason type="text" name="reason" required maxlength="1000";
        }
        button.bad type="submit" { "Discard the record" }
    };
    html! {
        @if names_nothing && visit.may("POST", DISCARD) {
            details.action.card {
                summary { "Discard" }
                p { "Of a record that names no order nobody can say what it is for. Where it is nobody's, this lets it go; who said so and why is kept." }
                (visit.form(&path(parked, "discard"), "", &fields))
            }
        }
    }
}

/// Drives one again.
pub async fn redrive(posted: Posted, one: Query<One>) -> Result<HttpResponse, Failure> {
    let sent = posted
        .visit
        .api
        .ask(Method::POST, &["admin", "parked", &one.id, "redrive"])
        .param("projection", &one.projection)
        .send()
        .await;
    let notice = match sent {
        Ok(_) => Notice::done(
            "It is driven again in a moment. What stays here then has the reason of this try.",
        ),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(posted.visit.see(&list_path(&one.projection, None), &notice))
}

/// Drives all again.
pub async fn redrive_every(posted: Posted) -> Result<HttpResponse, Failure> {
    #[derive(Deserialize)]
    struct Marked {
        marked: i64,
    }
    let Posted { visit, fields } = posted;
    let projection = fields.required("projection", "The projection")?;
    let sent = visit
        .api
        .ask(Method::POST, &["admin", "parked", "redrive"])
        .param("projection", projection)
        .read::<Marked>()
        .await;
    let notice = match sent {
        Ok(Marked { marked }) => {
            let count = visit.locale.count(marked);
            Notice::done(format!("{count} are driven again in a moment."))
        }
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&list_path(projection, None), &notice))
}

/// Lets a record go.
pub async fn let_go(posted: Posted, one: Query<One>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    let reason = fields.required("reason", "The reason")?;
    let sent = visit
        .api
        .ask(Method::POST, &["admin", "parked", &one.id, "discard"])
        .param("projection", &one.projection)
        .json(&serde_json::json!({ "reason": reason }))
        .send()
        .await;
    let notice = match sent {
        Ok(_) => Notice::done("The record is discarded."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&list_path(&one.projection, None), &notice))
}
