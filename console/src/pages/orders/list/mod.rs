//! `/console/orders`: filtered, sorted, searched, page by page, as they change.

mod columns;
mod filters;
mod wanted;

pub use columns::Column;

use super::PAGE;
use crate::{
    Failure, Visit,
    layout::{empty, not_live, pager, table_box},
};
use actix_web::{HttpRequest, HttpResponse};
use contracts::order::OrderSummary;
use filters::Counts;
use maud::{Markup, html};
use serde::Deserialize;
use wanted::Wanted;

/// A page of the API's list.
#[derive(Deserialize)]
struct List {
    data: Vec<OrderSummary>,
    next_cursor: Option<String>,
    prev_cursor: Option<String>,
    count: Option<i64>,
}

/// The page.
pub async fn show(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let wanted = Wanted::of(request.query_string());
    let asked = visit.api.get(&["orders"]).params(wanted.parameters());
    let list: List = asked.param("count", "estimated").read().await?;
    let counts = if wanted.counts {
        Some(Counts::of(&visit, &wanted).await?)
    } else {
        None
    };
    let main = html! {
        div.head {
            h1 { (PAGE.title) }
            @if let Some(count) = list.count {
                p.hint { "About " (visit.locale.count(count)) " orders" }
            }
        }
        (filters::form(&wanted))
        (filters::facets(&visit, &wanted, counts.as_ref()))
        (table(&visit, &wanted, &list.data))
        (pages(&wanted, &list))
    };
    Ok(visit.page(PAGE.title, &main))
}

/// The rows of a page, anew.
pub async fn rows(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let wanted = Wanted::of(request.query_string());
    let asked = visit.api.get(&["orders"]).params(wanted.parameters());
    let list: List = asked.read().await?;
    Ok(visit.fragment(entries(&visit, &wanted.columns, &list.data)))
}

/// How many orders other choices would find.
pub async fn facets(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let wanted = Wanted::of(request.query_string());
    let counts = Counts::of(&visit, &wanted).await?;
    Ok(visit.fragment(filters::counted(&visit, &wanted, &counts)))
}

/// Which orders read otherwise now, as the API tells it.
pub async fn changes(visit: Visit, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let wanted = Wanted::of(request.query_string());
    let platforms = wanted.values("platform").map(|slug| ("platform", slug));
    let asked = visit.api.get(&["orders", "changes"]).params(platforms);
    asked.events(&request).await
}

/// The row of one order.
pub fn row(visit: &Visit, columns: &[Column], order: &OrderSummary) -> Markup {
    html! {
        tr data-entry data-id=(order.id.to_string()) {
            @for column in columns { (column.cell(visit, order)) }
        }
    }
}

fn entries(visit: &Visit, columns: &[Column], orders: &[OrderSummary]) -> Markup {
    html! { @for order in orders { (row(visit, columns, order)) } }
}

fn table(visit: &Visit, wanted: &Wanted, orders: &[OrderSummary]) -> Markup {
    let first = wanted.first().url(PAGE.path);
    let all = wanted.url("/console/orders/rows");
    let columns = wanted.columns_parameter();
    let columns = columns.map_or_else(String::new, |columns| format!("&columns={columns}"));
    let row = format!("/console/orders/{{id}}/row?version={{version}}{columns}");
    html! {
        a.pill #unseen hidden href=(first) {}
        (not_live("not-live"))
        (table_box("Orders", &html! {
            table.cards {
                thead { tr { @for column in &wanted.columns { (column.head()) } } }
                tbody data-live=(wanted.url("/console/orders/changes")) data-live-row=(row)
                    data-live-all=(all) data-live-whole[wanted.is_first() && wanted.moves()]
                    data-live-lost="#not-live"
                    data-live-pill=[(!wanted.is_first()).then_some("#unseen")] {
                    (entries(visit, &wanted.columns, orders))
                }
            }
        }))
        @if orders.is_empty() { (nothing(wanted)) }
    }
}

fn nothing(wanted: &Wanted) -> Markup {
    if !wanted.is_first() {
        let first = wanted.first().url(PAGE.path);
        return empty(
            "There are no more orders.",
            &html! { a href=(first) { "Go to the first page" } },
        );
    }
    if wanted.is_filtered() {
        let to_do = html! {
            "Take a filter away, or " a href=(PAGE.path) { "look at all orders" } "."
        };
        return empty("No order is like that.", &to_do);
    }
    let to_do = html! {
        "Place one by API (" code { "POST /v1/orders" } "), or import a history: "
        code { "orderlog import --help" } ". It appears here by itself."
    };
    empty("No orders yet.", &to_do)
}

fn pages(wanted: &Wanted, list: &List) -> Markup {
    let url = |cursor: &Option<String>| cursor.as_ref().map(|cursor| wanted.page(cursor));
    let (before, after) = (url(&list.prev_cursor), url(&list.next_cursor));
    pager(before.as_deref(), after.as_deref())
}
