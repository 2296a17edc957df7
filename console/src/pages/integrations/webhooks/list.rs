//! `GET /console/webhooks`: all endpoints.

use super::{PAGE, draft::Draft, path_of, told::Endpoint};
use crate::{
    Failure, Fields, Refusal, Visit,
    layout::{empty, notice, table_box},
    moment,
    pages::integrations::listed::{LIMIT, Listed},
    session::Notice,
};
use actix_web::{HttpResponse, http::StatusCode, web::Query};
use infra::clock;
use maud::{Markup, html};

/// The route that makes one.
const CREATE: &str = "/v1/webhooks/endpoints";

/// The page.
pub async fn handle(
    visit: Visit,
    asked: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    let asked = Fields::new(asked.into_inner());
    show(&visit, &asked, (&Draft::default(), None)).await
}

/// The page with a form that was filled in, and why that was refused.
pub async fn show(
    visit: &Visit,
    asked: &Fields,
    (draft, refused): (&Draft, Option<&Refusal>),
) -> Result<HttpResponse, Failure> {
    let listed = visit.api.get(&["webhooks", "endpoints"]);
    let listed = listed
        .param("limit", LIMIT)
        .optional("cursor", asked.one("cursor"));
    let listed: Listed<Endpoint> = listed.read().await?;
    let main = html! {
        h1 { (PAGE.title) }
        section.card {
            @if listed.data.is_empty() {
                (empty(
                    "Nobody is told of events.",
                    &html! { "Make an endpoint below: it is told of what is recorded from then on." },
                ))
            } @else {
                (table(&listed.data))
            }
            @if let Some(pager) = listed.pager(PAGE.path, &[], asked) { (pager) }
        }
        @if visit.may("POST", CREATE) {
            section.card {
                details open[refused.is_some() || listed.data.is_empty()] {
                    summary { "New endpoint" }
                    @if let Some(refused) = refused { (notice(&Notice::refused(refused))) }
                    (visit.form(PAGE.path, "stack", &html! {
                        (draft.fields())
                        div.row { button.primary type="submit" { "Make endpoint" } }
                    }))
                }
            }
        }
    };
    let status = refused.map_or(StatusCode::OK, Refusal::status);
    Ok(visit.page_with(status, PAGE.title, &main))
}

fn table(endpoints: &[Endpoint]) -> Markup {
    let now = clock::now();
    table_box(
        "Endpoints",
        &html! {
            table.cards {
                thead {
                    tr {
                        th { "Endpoint" }
                        th { "Health" }
                        th { "Events" }
                        th { "Platform" }
                        th { "Last answered" }
                        th { "Made" }
                    }
                }
                tbody {
                    @for endpoint in endpoints {
                        tr data-entry {
                            td data-label="Endpoint" {
                                a href=(path_of(endpoint.id)) { (endpoint.url) }
                                @if let Some(text) = &endpoint.description {
                                    div.quiet { (text) }
                                }
                            }
                            td data-label="Health" { (endpoint.health(now).badge()) (why(endpoint)) }
                            td data-label="Events" { (events(&endpoint.event_types)) }
                            td data-label="Platform" { (endpoint.platform.as_deref().unwrap_or("all")) }
                            td.nowrap data-label="Last answered" { (moment::maybe(endpoint.last_success_at)) }
                            td.nowrap data-label="Made" { (moment::moment(endpoint.created_at)) }
                        }
                    }
                }
            }
        },
    )
}

/// What a badge of health leaves open.
pub fn why(endpoint: &Endpoint) -> Markup {
    let disabled = match endpoint.disabled_by.as_deref() {
        Some("request") => Some("by somebody"),
        Some("gone") => Some("it answered 410"),
        Some("failing") => Some("it failed for five days"),
        _ => None,
    };
    html! {
        @if let Some(why) = disabled {
            div.hint {
                (why)
                @if let Some(at) = endpoint.disabled_at { ", " (moment::moment(at)) }
            }
        } @else if endpoint.failures > 0 {
            div.hint {
                (endpoint.failures) " failed"
                @if let Some(since) = endpoint.failing_since { " since " (moment::moment(since)) }
                @if let Some(until) = endpoint.rests_until { ", rests until " (moment::moment(until)) }
            }
        }
    }
}

/// Types of events, in a few words.
pub fn events(types: &[String]) -> Markup {
    match types {
        [one] if one == "*" => html! { "all" },
        types if types.len() > 3 => html! {
            span title=(types.join(", ")) { (types[..2].join(", ")) " and " (types.len() - 2) " more" }
        },
        types => html! { (types.join(", ")) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::integrations::webhooks::told::tests::endpoint;
    use serde_json::json;

    #[test]
    fn a_disabled_endpoint_says_why() {
        let gone = json!({
            "state": "disabled", "disabled_by": "gone", "disabled_at": "2026-01-01T00:00:00Z"
        });
        assert!(why(&endpoint(&gone)).into_string().contains("410"));
        assert!(why(&endpoint(&json!({}))).into_string().is_empty());
        let failing = why(&endpoint(&json!({"failures": 7}))).into_string();
        assert!(failing.contains("7 failed"), "{failing}");
    }

    #[test]
    fn many_types_are_told_in_a_few_words() {
        let types =
            |names: &[&str]| -> Vec<String> { names.iter().map(|&n| n.to_owned()).collect() };
        assert_eq!(events(&types(&["*"])).into_string(), "all");
        assert_eq!(events(&types(&["a", "b", "c"])).into_string(), "a, b, c");
        let many = events(&types(&["a", "b", "c", "d"])).into_string();
        assert!(many.contains("a, b and 2 more"), "{many}");
    }
}
