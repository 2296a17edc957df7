//! `GET /console/webhooks/{id}`: one endpoint, and what it was told.

use super::{PAGE, deliveries, draft::Draft, list, path_of, told::Endpoint};
use crate::{
    Failure, Fields, Visit, moment,
    pages::integrations::fields::{input, select, typed},
};
use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use infra::clock;
use maud::{Markup, html};
use uuid::Uuid;

/// The route that everything about one goes by.
const ONE: &str = "/v1/webhooks/endpoints/{id}";
/// For how long both secrets count, in seconds.
const OVERLAPS: [(&str, &str); 4] = [
    ("86400", "for a day"),
    ("3600", "for an hour"),
    ("604800", "for a week"),
    ("0", "no longer: others know it"),
];

/// The page.
pub async fn handle(
    visit: Visit,
    id: Path<Uuid>,
    asked: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    let asked = Fields::new(asked.into_inner());
    let path = ["webhooks", "endpoints", &id.to_string()];
    let endpoint: Endpoint = visit.api.get(&path).read().await?;
    let listed = deliveries::read(&visit, *id, &asked).await?;
    let main = html! {
        p.crumbs { a href=(PAGE.path) { (PAGE.title) } }
        div.head {
            h1 { (endpoint.url) }
            (buttons(&visit, &endpoint))
        }
        div.columns {
            (deliveries::section(&visit, *id, &listed, &asked))
            div {
                (about(&endpoint))
                (actions(&visit, &endpoint))
            }
        }
    };
    Ok(visit.page(&endpoint.url, &main))
}

fn about(endpoint: &Endpoint) -> Markup {
    html! {
        section.card {
            h2 { "Health" }
            p { (endpoint.health(clock::now()).badge()) (list::why(endpoint)) }
            dl.figures {
                dt { "Last answered" } dd { (moment::maybe(endpoint.last_success_at)) }
                @if let Some(until) = endpoint.old_secret_until {
                    dt { "Old secret counts until" } dd { (moment::moment(until)) }
                }
                dt { "Events" } dd { (list::events(&endpoint.event_types)) }
                dt { "Platform" } dd { (endpoint.platform.as_deref().unwrap_or("all")) }
                dt { "In order" } dd { (yes(endpoint.ordered)) }
                dt { "Imported history" } dd { (yes(endpoint.imported)) }
                dt { "Requests at once" } dd { (endpoint.concurrency) }
                dt { "Made" } dd { (moment::moment(endpoint.created_at)) }
                dt { "Id" } dd { code { (endpoint.id.to_string()) } }
            }
            @if let Some(text) = &endpoint.description { p.hint { (text) } }
        }
    }
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn buttons(visit: &Visit, endpoint: &Endpoint) -> Markup {
    let path = path_of(endpoint.id);
    let enabled = endpoint.state == "enabled";
    let (state, called) = if enabled {
        ("disabled", "Disable")
    } else {
        ("enabled", "Enable")
    };
    html! {
        div.row {
            @if enabled && visit.may("POST", &format!("{ONE}/ping")) {
                (visit.form(&format!("{path}/ping"), "row", &html! {
                    button.primary type="submit" { "Ping" }
                }))
            }
            @if visit.may("PATCH", ONE) {
                (visit.form(&format!("{path}/state"), "row", &html! {
                    input type="hidden" name="state" value=(state);
                    button type="submit" { (called) }
                }))
            }
        }
    }
}

fn actions(visit: &Visit, endpoint: &Endpoint) -> Markup {
    let path = path_of(endpoint.id);
    let enabled = endpoint.state == "enabled";
    html! {
        @if visit.may("PATCH", ONE) {
            section.card {
                h2 { "Actions" }
                @if enabled { (replay(visit, endpoint)) }
                details.action {
                    summary { "Change" }
                    (visit.form(&format!("{path}/change"), "stack", &html! {
                        (Draft::of(endpoint).fields())
                        div.row { button.primary type="submit" { "Save" } }
                    }))
                }
                details.action {
                    summary { "Rotate secret" }
                    (visit.form(&format!("{path}/rotate"), "stack", &html! {
                        (select("The secret before counts", "overlap_seconds", &OVERLAPS, None))
                        p.hint { "The new one is shown once." }
                        div.row { button.primary type="submit" { "Make a new secret" } }
                    }))
                }
                details.action {
                    summary { "Delete" }
                    (visit.form(&format!("{path}/delete"), "stack", &html! {
                        p { "What is still to be sent is not sent. This cannot be taken back." }
                        div.row { button.bad type="submit" { "Delete endpoint" } }
                    }))
                }
            }
        }
    }
}

fn replay(visit: &Visit, endpoint: &Endpoint) -> Markup {
    let path = format!("{}/replay", path_of(endpoint.id));
    let failing = endpoint.failing_since.map(typed);
    let since = if failing.is_some() {
        "Since when it fails, unless you change it."
    } else {
        ""
    };
    html! {
        details.action {
            summary { "Replay" }
            (visit.form(&path, "row", &html! {
                input type="hidden" name="what" value="missed";
                button.primary type="submit" { "Replay everything it has missed" }
            }))
            p.hint { "All that failed for good, and what was skipped while it was disabled." }
            (visit.form(&path, "stack", &html! {
                input type="hidden" name="what" value="range";
                (input("From (UTC)", "from", ("datetime-local", failing.as_deref()), since, true))
                (input("Until (UTC)", "to", ("datetime-local", None), "Until now, if empty.", false))
                p.hint { "Everything that was made then, delivered or not." }
                div.row { button type="submit" { "Replay this range" } }
            }))
        }
    }
}
