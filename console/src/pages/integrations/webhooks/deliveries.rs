//! The deliveries of an endpoint.

use super::{delivery, path_of, told::Delivery};
use crate::{
    Failure, Fields, Visit,
    layout::{empty, table_box},
    moment,
    pages::integrations::{
        fields::{select, text},
        listed::{LIMIT, Listed},
    },
};
use maud::{Markup, html};
use uuid::Uuid;

/// What a list can be asked for.
const FILTERS: [&str; 3] = ["state", "event_type", "order"];
/// States, and what people call them.
const STATES: [(&str, &str); 5] = [
    ("", "any"),
    ("pending", "pending"),
    ("delivered", "delivered"),
    ("failed", "failed"),
    ("skipped", "skipped"),
];

/// A page of them, as `asked`.
pub async fn read(
    visit: &Visit,
    endpoint: Uuid,
    asked: &Fields,
) -> Result<Listed<Delivery>, Failure> {
    let mut listed = visit.api.get(&["webhooks", "deliveries"]);
    listed = listed.param("endpoint", endpoint).param("limit", LIMIT);
    for name in FILTERS.into_iter().chain(["cursor"]) {
        listed = listed.optional(name, asked.one(name));
    }
    listed.read().await
}

/// The same, shown.
pub fn section(visit: &Visit, endpoint: Uuid, listed: &Listed<Delivery>, asked: &Fields) -> Markup {
    let path = path_of(endpoint);
    let filtered = FILTERS.into_iter().any(|name| asked.one(name).is_some());
    html! {
        section.card {
            h2 { "Deliveries" }
            form.filters method="get" action=(path) {
                (select("State", "state", &STATES, asked.one("state")))
                (text("Event", "event_type", asked.one("event_type"), ""))
                (text("Order id", "order", asked.one("order"), ""))
                div.row {
                    button type="submit" { "Show" }
                    @if filtered { a href=(path) { "All" } }
                }
            }
            @if listed.data.is_empty() {
                @if filtered {
                    (empty("No delivery is such one.", &html! { a href=(path) { "Show all of them" } }))
                } @else {
                    (empty(
                        "Nothing was to be delivered yet.",
                        &html! { "It is told of orders that change from now on. A ping shows whether it listens." },
                    ))
                }
            } @else {
                (table(visit, &listed.data))
            }
            @if let Some(pager) = listed.pager(&path, &FILTERS, asked) { (pager) }
        }
    }
}

fn table(visit: &Visit, deliveries: &[Delivery]) -> Markup {
    let retries = visit.may("POST", "/v1/webhooks/deliveries/{id}/retry");
    table_box(
        "Deliveries",
        &html! {
            table.cards {
                thead {
                    tr {
                        th { "Made" }
                        th { "Event" }
                        th { "Order" }
                        th { "State" }
                        th.right { "Failed attempts" }
                        th { "What happened" }
                        @if retries { th { span.quiet { "Retry" } } }
                    }
                }
                tbody {
                    @for one in deliveries {
                        @let path = delivery::path_of(one.endpoint_id, one.id);
                        tr data-entry {
                            td.nowrap data-label="Made" {
                                a href=(path) { (moment::moment(one.created_at)) }
                            }
                            td data-label="Event" { code { (one.event_type) } }
                            td data-label="Order" { (order(one)) }
                            td data-label="State" { (one.badge()) }
                            td.right data-label="Failed attempts" { (visit.locale.count(one.attempts)) }
                            td data-label="What happened" { (happened(one)) }
                            @if retries {
                                td data-label="Retry" {
                                    @if let Some(called) = one.retry() {
                                        (visit.form(&format!("{path}/retry"), "row", &html! {
                                            button type="submit" { (called) }
                                        }))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// Which order, and its version.
pub fn order(delivery: &Delivery) -> Markup {
    html! {
        @if let Some(id) = delivery.order_id {
            a href={ "/console/orders/" (id.to_string()) } { (crate::layout::short(&id.to_string())) }
            @if let Some(version) = delivery.order_version { " v" (version) }
        } @else {
            span.none { "–" }
        }
    }
}

fn happened(delivery: &Delivery) -> Markup {
    html! {
        @match (&delivery.last_error, delivery.finished_at, delivery.due_at) {
            (Some(error), None, Some(due)) => { (error) "; again " (moment::moment(due)) }
            (Some(error), ..) => { (error) }
            (None, Some(at), _) => { span.quiet { (moment::moment(at)) } }
            (None, None, Some(due)) => { span.quiet { "due " (moment::moment(due)) } }
            (None, None, None) => { span.none { "–" } }
        }
    }
}
