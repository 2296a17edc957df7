//! What stands beside an order: its documents, its webhooks' deliveries, its changes as
//! they come.

use super::path;
use crate::{
    Failure, Visit, layout::badge, moment,
    pages::integrations::webhooks::delivery::path_of as delivery_page,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Path, Query},
};
use contracts::order::Order;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// The route of the API that tells deliveries.
const DELIVERIES: &str = "/v1/webhooks/deliveries";
/// Deliveries that are shown.
const MOST: u8 = 20;
/// Documents of an order.
const DOCUMENTS: [&str; 3] = ["invoice.pdf", "credit_note.pdf", "packing_slip.pdf"];

/// Links to its documents, as far as it has them.
pub fn documents(order: &Order) -> Markup {
    let file = |name: &str| path(order.id, &format!("/files/{name}"));
    html! {
        section.card {
            h2 { "Documents" }
            ul {
                @match order.invoice_number {
                    Some(number) => { li { a href=(file("invoice.pdf")) { "Invoice " (number) } } }
                    None => { li.none { "No invoice yet" } }
                }
                @if order.invoice_number.is_some() && order.totals.credited != 0 {
                    li { a href=(file("credit_note.pdf?number=1")) { "Credit note" } }
                }
                li { a href=(file("packing_slip.pdf")) { "Packing slip" } }
            }
        }
    }
}

/// What a document is asked for with.
#[derive(Deserialize)]
pub struct Which {
    number: Option<u32>,
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
    asked.optional("number", which.number).file().await
}

#[derive(Deserialize)]
struct List {
    data: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    id: Uuid,
    endpoint_id: Uuid,
    event_type: String,
    state: String,
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

/// Its deliveries.
pub async fn deliveries(
    visit: Visit,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let asked = visit.api.get(&["webhooks", "deliveries"]);
    let asked = asked.param("order", *id).param("limit", MOST);
    let list: List = asked.read().await?;
    let part = html! {
        @if list.data.is_empty() { p.none { "Nobody was to be told of it." } }
        @for delivery in &list.data {
            p {
                @let page = delivery_page(delivery.endpoint_id, delivery.id);
                (state(&delivery.state)) " " a href=(page) { (delivery.event_type) } br;
                span.hint {
                    (moment::told(&delivery.created_at)) ", "
                    (delivery.attempts) @if delivery.attempts == 1 { " attempt" } @else { " attempts" }
                    @if let Some(error) = &delivery.last_error { " · " (error) }
                }
            }
        }
    };
    Ok(visit.part(&request, "Deliveries", part))
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
