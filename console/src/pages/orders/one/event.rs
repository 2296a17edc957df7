//! `/console/orders/{id}/events/{version}`: one event, what changed by it, and the event
//! as it is published.

use super::{
    Asked,
    diff::{self, Change},
    facts, path, read,
    story::{Entry, meta},
    version_of,
};
use crate::{
    Failure, Visit,
    layout::{self, empty, raw},
};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// Pages of the log that are looked at for the event: those of its own moment.
const MOST_PAGES: usize = 5;
/// Parts of a difference that are shown.
const MOST_CHANGES: usize = 60;
/// Bytes of the event that are shown: an order may have 1,114 lines, a page has 100 KB.
const MOST_RAW: usize = 24 << 10;
/// Letters of a value that are shown of a difference.
const LONGEST: usize = 300;

#[derive(Deserialize)]
struct Entries {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Diff {
    changes: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

#[derive(Deserialize)]
struct LogPage {
    data: Vec<Value>,
    next_cursor: Option<String>,
}

/// The event that a path names, and its order.
async fn named(visit: &Visit, request: &HttpRequest) -> Result<(Uuid, Entry), Failure> {
    let id = request.match_info().get("id").unwrap_or_default();
    let id = Uuid::try_parse(id).map_err(|_| Failure::Unknown)?;
    let version = version_of(request)?;
    let asked = visit.api.get(&["orders", &id.to_string(), "events"]);
    let asked = asked.param("after", version - 1).param("limit", 1);
    let entries: Entries = asked.read().await?;
    let mut entries = entries.data.into_iter();
    let entry = entries.find(|entry| entry.version == version);
    Ok((id, entry.ok_or(Failure::Unknown)?))
}

/// All of the event as it is published, however long it is.
pub async fn whole(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let (id, entry) = named(&visit, &request).await?;
    let event = published(&visit, id, &entry).await?;
    let event = event.ok_or(Failure::Unknown)?;
    let name = format!("event-{id}-{}.json", entry.version);
    Ok(layout::whole("application/json", &name, pretty(&event)))
}

/// The page.
pub async fn show(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let (id, entry) = named(&visit, &request).await?;
    let version = entry.version;
    let order = read(&visit, id, Asked::default()).await?;
    let changes = changes(&visit, id, &order.currency, version).await?;
    let published = published(&visit, id, &entry).await?;
    let title = facts::title(&entry.kind);
    let main = html! {
        div.head {
            h1 { (title) }
            p.hint { a href=(path(id, "")) { "Order " (order.number) } }
        }
        section.card {
            p { (meta(&visit, &entry)) }
            @if let Some(reason) = &entry.reason { p { "“" (reason) "”" } }
            div.row {
                a.button href={ (path(id, "")) "?version=" (version) } { "The order after it" }
                @if version > 1 {
                    a.button href={ (path(id, "")) "?version=" (version - 1) } { "The order before it" }
                }
            }
        }
        section.card {
            h2 { "What changed" }
            @if changes.is_empty() { p.none { "Nothing that the document shows." } }
            (diff::short(changes.get(..MOST_CHANGES).unwrap_or(&changes)))
            @if changes.len() > MOST_CHANGES {
                p.hint { (changes.len() - MOST_CHANGES) " more parts: the orders before and after it show them." }
            }
        }
        section.card {
            h2 { "As it is published (CloudEvents 1.0)" }
            (as_published(published.as_ref(), &path(id, &format!("/events/{version}/whole"))))
        }
    };
    Ok(visit.page(&format!("{title} · {}", order.number), &main))
}

fn as_published(published: Option<&Value>, whole: &str) -> Markup {
    match published {
        Some(event) => raw(&pretty(event), MOST_RAW, whole),
        None => empty(
            "Not on its way yet.",
            &html! { "The relay has not published this event: look again in a moment." },
        ),
    }
}

/// The difference that the API tells, the first one's of nothing.
async fn changes(
    visit: &Visit,
    id: Uuid,
    currency: &str,
    version: i64,
) -> Result<Vec<Change>, Failure> {
    if version < 2 {
        return Ok(Vec::new());
    }
    let asked = visit.api.get(&["orders", &id.to_string(), "diff"]);
    let asked = asked.param("from", version - 1).param("to", version);
    let diff: Diff = asked.read().await?;
    let telling = diff.changes.into_iter();
    let telling = telling.filter(|part| !["/version", "/updated_at"].contains(&part.path.as_str()));
    let change = |part: Part| {
        let name = part.path.rsplit('/').next().unwrap_or_default();
        let word = |value: &Value| {
            let word = facts::written(&visit.locale, currency, name, value);
            let word = word.filter(|_| !value.is_array());
            cut(&word.unwrap_or_else(|| pretty(value)))
        };
        Change {
            what: part
                .path
                .trim_start_matches('/')
                .replace('/', " › ")
                .replace('_', " "),
            before: part.before.as_ref().map(word),
            after: part.after.as_ref().map(word),
        }
    };
    Ok(telling.map(change).collect())
}

/// The event in the log, where it is final; found by its moment.
async fn published(visit: &Visit, id: Uuid, entry: &Entry) -> Result<Option<Value>, Failure> {
    let Ok(at) = OffsetDateTime::parse(&entry.time, &Rfc3339) else {
        return Ok(None);
    };
    let moment = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let (from, to) = (moment(at), moment(at + Duration::MILLISECOND));
    let mut cursor: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let asked = visit.api.get(&["events"]).param("order", id);
        let asked = asked
            .param("recorded_from", &from)
            .param("recorded_to", &to);
        let page: LogPage = asked.optional("cursor", cursor.as_ref()).read().await?;
        let is_it = |event: &Value| event["sequence"] == entry.version;
        if let Some(event) = page.data.into_iter().find(is_it) {
            return Ok(Some(event));
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(None)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_of_any_length_leaves_a_page_small() {
        let line = json!({"sku": "A-1", "name": "Lamp", "quantity": 1, "unit_price": 250});
        let event = json!({"data": {"lines": vec![line; 1_114]}});
        let shown = as_published(Some(&event), "/whole").into_string();
        assert!(shown.len() < 100 << 10, "{} bytes", shown.len());
        assert!(shown.contains("href=\"/whole\""), "no link to all of it");
    }
}
