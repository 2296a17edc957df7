//! What stands beside an order: its documents, its webhooks' deliveries, its changes as
//! they come.

use super::path;
use crate::{
    Failure, Visit,
    layout::badge,
    moment,
    pages::integrations::webhooks::{PAGE as WEBHOOKS, delivery::path_of as delivery_page},
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Path, Query},
};
use contracts::order::{FulfillmentState, Order};
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

/// The route of the API that tells deliveries.
const DELIVERIES: &str = "/v1/webhooks/deliveries";
/// Deliveries that are shown.
const MOST: u8 = 20;
/// Credit notes that are listed.
const MOST_NOTES: usize = 200;
/// Documents of an order.
const DOCUMENTS: [&str; 3] = ["invoice.pdf", "credit_note.pdf", "packing_slip.pdf"];

/// Links to its documents, as far as it has them. How many credit notes there are comes
/// once the page is there: the log says it.
pub fn documents(order: &Order) -> Markup {
    let file = |name: &str| path(order.id, &format!("/files/{name}"));
    let notes = path(order.id, "/credit_notes");
    let parcels = order.fulfillments.iter();
    let parcels = parcels.filter(|parcel| parcel.status != FulfillmentState::Cancelled);
    html! {
        section.card {
            h2 { "Documents" }
            ul {
                @match order.invoice_number {
                    Some(number) => { li { a href=(file("invoice.pdf")) { "Invoice " (number) } } }
                    None => { li.none { "No invoice yet" } }
                }
                li { a href=(file("packing_slip.pdf")) { "Packing slip of all" } }
                @for parcel in parcels {
                    @let id = byte_serialize(parcel.id.as_bytes()).collect::<String>();
                    li {
                        a href=(file(&format!("packing_slip.pdf?fulfillment={id}"))) {
                            "Packing slip of " (parcel.id)
                        }
                    }
                }
            }
            @if order.invoice_number.is_some() {
                div data-load=(notes) { a href=(notes) { "Credit notes" } }
            }
        }
    }
}

/// Its credit notes.
pub async fn credit_notes(
    visit: Visit,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let asked = visit
        .api
        .get(&["orders", &id.to_string(), "credit_note.pdf"]);
    // One that no order has: the API says which is the last.
    let asked = asked.param("number", u32::MAX).send().await;
    let newest = newest(asked.err().unwrap_or(Failure::Unknown))?;
    let file = |number| path(*id, &format!("/files/credit_note.pdf?number={number}"));
    let part = html! {
        @if newest == 0 {
            p.none { "No credit note" }
        } @else {
            ul {
                @for number in (1..=newest).rev().take(MOST_NOTES) {
                    li { a href=(file(number)) { "Credit note " (number) } }
                }
            }
        }
    };
    Ok(visit.part(&request, "Credit notes", part))
}

/// The number of the last credit note, as the API tells it to whoever asks for one that
/// is not there; 0 where there is none.
fn newest(failure: Failure) -> Result<u64, Failure> {
    let refusal = failure.refusal();
    let refusal = refusal.filter(|refusal| refusal.problem.code == "credit_note_not_found");
    let newest = refusal.and_then(|refusal| refusal.problem.extensions.get("newest")?.as_u64());
    newest.ok_or(failure)
}

/// What a document is asked for with.
#[derive(Deserialize)]
pub struct Which {
    number: Option<u32>,
    fulfillment: Option<String>,
}

/// A document, passed on.
pub async fn file(
    visit: Visit,
    place: Path<(Uuid, String)>,
    which: Query<Which>,
) -> Result<HttpResponse, Failure> {
    let (id, name) = place.into_inner();
    let name = DOCUMENTS.into_iter().find(|known| *known == name);
    let name = name.ok_or(Failure::Unknown)?;
    let asked = visit.api.get(&["orders", &id.to_string(), name]);
    let asked = asked.optional("number", which.number);
    let asked = asked.optional("fulfillment", which.fulfillment.as_deref());
    asked.file().await
}

#[derive(Deserialize)]
struct List {
    data: Vec<Delivery>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// Which page of the deliveries is asked for.
#[derive(Deserialize)]
pub struct Further {
    cursor: Option<String>,
}

/// Where further deliveries are.
fn further(id: Uuid, cursor: &str) -> String {
    let cursor: String = byte_serialize(cursor.as_bytes()).collect();
    path(id, &format!("/deliveries?cursor={cursor}"))
}

#[derive(Deserialize)]
struct Delivery {
    id: Uuid,
    endpoint_id: Uuid,
    event_type: String,
    state: String,
    /// Those that failed.
    attempts: i64,
    last_error: Option<String>,
    created_at: String,
}

/// The place of its deliveries, which come once the page is there.
pub fn deliveries_later(visit: &Visit, order: &Order) -> Markup {
    let url = path(order.id, "/deliveries");
    html! {
        @if visit.may("GET", DELIVERIES) {
            section.card {
                h2 { "Webhooks" }
                div data-load=(url) { a href=(url) { "Deliveries of its events" } }
            }
        }
    }
}

/// Its deliveries, the newest first.
pub async fn deliveries(
    visit: Visit,
    id: Path<Uuid>,
    from: Query<Further>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let asked = visit.api.get(&["webhooks", "deliveries"]);
    let asked = asked.param("order", *id).param("limit", MOST);
    let asked = asked.optional("cursor", from.cursor.as_deref());
    let list: List = asked.read().await?;
    let part = html! {
        @if list.data.is_empty() {
            p.none { "Nobody was to be told of it." }
            p.hint { a href=(WEBHOOKS.path) { "Who is told of events" } }
        }
        @for delivery in &list.data {
            p {
                @let page = delivery_page(delivery.endpoint_id, delivery.id);
                (state(&delivery.state)) " " a href=(page) { (delivery.event_type) } br;
                span.hint {
                    (moment::told(&delivery.created_at))
                    @if let Some(failed) = failed(delivery.attempts) { ", " (failed) }
                    @if let Some(error) = &delivery.last_error { " · " (error) }
                }
            }
        }
        @if let Some(cursor) = &list.next_cursor {
            p { a rel="next" href=(further(*id, cursor)) { "Further deliveries" } }
        }
    };
    Ok(visit.part(&request, "Deliveries", part))
}

/// How many attempts of a delivery failed, where any did: the one that came through is
/// not among them.
fn failed(attempts: i64) -> Option<String> {
    match attempts {
        ..=0 => None,
        1 => Some("1 failed attempt".to_owned()),
        more => Some(format!("{more} failed attempts")),
    }
}

fn state(state: &str) -> Markup {
    let class = match state {
        "delivered" => "good",
        "pending" => "warm",
        "failed" => "bad",
        _ => "",
    };
    badge(state, class)
}

/// That it reads otherwise now, as the API tells it.
pub async fn changes(
    visit: Visit,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let asked = visit.api.get(&["orders", "changes"]).param("order", *id);
    asked.events(&request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    fn refused(code: &str) -> Failure {
        let problem = serde_json::json!({
            "type": "/problems/x", "status": 404, "title": "X", "code": code, "newest": 3,
        });
        Failure::Refused(Box::new(Refusal {
            problem: serde_json::from_value(problem).expect("a problem"),
            retry_after: None,
        }))
    }

    #[test]
    fn further_deliveries_are_below_the_order_whatever_the_cursor_is() {
        let found = further(Uuid::nil(), "a+b/=&c");
        let expected = "/console/orders/00000000-0000-0000-0000-000000000000/deliveries?cursor=a%2Bb%2F%3D%26c";
        assert_eq!(found, expected);
    }

    #[test]
    fn only_attempts_that_failed_are_counted() {
        assert_eq!(failed(0), None);
        assert_eq!(failed(1).as_deref(), Some("1 failed attempt"));
        assert_eq!(failed(3).as_deref(), Some("3 failed attempts"));
    }

    #[test]
    fn the_last_credit_note_is_the_one_that_the_api_names() {
        assert_eq!(newest(refused("credit_note_not_found")).ok(), Some(3));
        assert!(newest(refused("order_not_found")).is_err());
    }
}
