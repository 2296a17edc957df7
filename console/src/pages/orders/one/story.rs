//! The story of an order: who did what, when and why, and what changed by it.

use super::{diff, facts, path};
use crate::{Failure, Visit, moment};
use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use contracts::order::Order;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Events that a page tells.
const MOST: i64 = 40;

/// An event as the API tells it (`TimelineEntry`).
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// Event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the order after it.
    pub version: i64,
    /// When the log recorded it (RFC 3339).
    pub time: String,
    /// Who.
    pub actor: String,
    /// Why, where a person said so.
    pub reason: Option<String>,
    /// What led to it.
    pub causation_id: Option<String>,
    /// Trace context of the command.
    pub traceparent: Option<String>,
    /// What happened, and the order `after` it.
    pub data: Value,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

/// The last events of an order, oldest first, with the one before them.
pub struct Story {
    before: Option<Entry>,
    entries: Vec<Entry>,
}

impl Story {
    /// Those that made the order what it is in this version.
    pub async fn until(visit: &Visit, order: &Order) -> Result<Self, Failure> {
        let after = (order.version - MOST - 1).max(0);
        let mut story = Self::after(visit, order.id, after).await?;
        story.entries.retain(|entry| entry.version <= order.version);
        Ok(story)
    }

    /// Those after a version, of which one more is asked for: what the first one changed
    /// is told by it.
    async fn after(visit: &Visit, id: Uuid, after: i64) -> Result<Self, Failure> {
        let asked = visit.api.get(&["orders", &id.to_string(), "events"]);
        let asked = asked.param("after", after).param("limit", MOST + 1);
        let list: List = asked.read().await?;
        let mut entries = list.data;
        let is_first = after == 0 || entries.is_empty();
        let before = (!is_first).then(|| entries.remove(0));
        Ok(Self { before, entries })
    }

    /// The version whose page tells what came before; none where all of it is told.
    pub fn earlier(&self) -> Option<i64> {
        self.before.as_ref().map(|entry| entry.version)
    }

    /// Each event with the one before it.
    fn steps(&self) -> impl Iterator<Item = (Option<&Entry>, &Entry)> {
        let before = std::iter::once(self.before.as_ref()).chain(self.entries.iter().map(Some));
        before.zip(&self.entries)
    }
}

/// The events of a story.
pub fn entries(visit: &Visit, order: &Order, story: &Story) -> Markup {
    html! {
        @for (before, entry) in story.steps() {
            (one(visit, (order.id, order.currency.as_str()), before, entry))
        }
    }
}

/// What the module asks for the end of the story with.
#[derive(Deserialize)]
pub struct After {
    after: i64,
    #[serde(default)]
    currency: Option<String>,
}

/// What has happened since.
pub async fn grown(
    visit: Visit,
    id: Path<Uuid>,
    since: Query<After>,
) -> Result<HttpResponse, Failure> {
    let story = Story::after(&visit, *id, one_before(since.after)).await?;
    let currency = since.currency.as_deref().unwrap_or_default();
    let fresh = story
        .steps()
        .filter(|(_, entry)| entry.version > since.after);
    let part = html! {
        @for (before, entry) in fresh { (one(&visit, (*id, currency), before, entry)) }
    };
    Ok(visit.fragment(part))
}

/// The version before this one; whatever a URL names, it is one that may be asked for.
fn one_before(version: i64) -> i64 {
    version.saturating_sub(1).max(0)
}

fn one(visit: &Visit, of: (Uuid, &str), before: Option<&Entry>, entry: &Entry) -> Markup {
    let (id, currency) = of;
    let changes = facts::changes(
        &visit.locale,
        currency,
        before.map(|b| &b.data),
        &entry.data,
    );
    html! {
        li data-id=(entry.version.to_string()) {
            p.what {
                a href=(path(id, &format!("/events/{}", entry.version))) { (facts::title(&entry.kind)) }
            }
            @let told = facts::told(&visit.locale, currency, &entry.data);
            @if !told.is_empty() {
                p {
                    @for (nth, (name, value)) in told.iter().enumerate() {
                        @if nth > 0 { " · " }
                        (name) ": " (moment::told(value))
                    }
                }
            }
            @if let Some(reason) = &entry.reason { p { "“" (reason) "”" } }
            (diff::short(&changes))
            p.hint { (meta(visit, entry)) }
        }
    }
}

/// When, who, in which trace.
pub fn meta(visit: &Visit, entry: &Entry) -> Markup {
    html! {
        (moment::told(&entry.time)) " · " (visit.who(&entry.actor))
        " · version " (entry.version)
        @if let Some(cause) = &entry.causation_id { " · after " code { (cause) } }
        @if let Some(trace) = entry.traceparent.as_deref().and_then(trace_id) {
            " · trace " code { (trace) }
        }
    }
}

/// The trace of a trace context (W3C Trace Context).
fn trace_id(traceparent: &str) -> Option<&str> {
    traceparent.split('-').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_a_url_has_one_before_it() {
        for (after, before) in [(5, 4), (1, 0), (0, 0), (i64::MIN, 0)] {
            assert_eq!(one_before(after), before, "{after}");
        }
    }
}
