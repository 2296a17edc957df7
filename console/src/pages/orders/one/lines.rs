//! The lines of an order: a real one has had 1,114 of them.

use super::{Asked, Money, parts, path, read};
use crate::{Failure, Visit, layout::table_box};
use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use contracts::order::{Line, Order};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Lines of a page.
const MOST: usize = 100;

/// Which lines are asked for.
#[derive(Deserialize)]
pub struct Begin {
    #[serde(default)]
    from: usize,
}

/// Further lines.
pub async fn show(
    visit: Visit,
    id: Path<Uuid>,
    asked: Query<Begin>,
) -> Result<HttpResponse, Failure> {
    let order = read(&visit, *id, Asked::default()).await?;
    let money = Money::of(&visit, &order);
    let title = format!("Lines of order {}", order.number);
    let main = html! {
        div.head {
            h1 { (title) }
            p.hint { a href=(path(order.id, "")) { "The order" } }
        }
        (lines(&order, &money, asked.from))
    };
    Ok(visit.page(&title, &main))
}

/// The lines from this one on, counted from 0, as many as a page has.
pub fn lines(order: &Order, money: &Money<'_>, from: usize) -> Markup {
    let next = from.saturating_add(MOST);
    html! {
        section.card {
            h2 { "Lines" }
            (table_box("Lines", &html! {
                table.cards {
                    thead {
                        tr {
                            th scope="col" { "Product" }
                            th.right scope="col" { "Quantity" }
                            th.right scope="col" { "Price" }
                            th.right scope="col" { "Amount" }
                            th scope="col" { "Goods" }
                        }
                    }
                    tbody {
                        @for line in order.lines.iter().skip(from).take(MOST) {
                            (one(line, money))
                        }
                    }
                }
            }))
            @if order.lines.len() > next {
                p {
                    a href=(path(order.id, &format!("/lines?from={next}"))) {
                        (order.lines.len() - next) " more lines"
                    }
                }
            }
        }
    }
}

fn one(line: &Line, money: &Money<'_>) -> Markup {
    html! {
        tr {
            td data-label="Product" { (line.name) br; code { (line.sku) } }
            td.right data-label="Quantity" {
                (money.locale.count(line.quantity - line.cancelled_quantity))
                @if line.cancelled_quantity != 0 {
                    " " del { (money.locale.count(line.quantity)) }
                }
            }
            td.right data-label="Price" {
                (money.locale.unit_price(&line.unit_price, money.currency))
            }
            td.right data-label="Amount" { (money.written(line.amount)) }
            td data-label="Goods" { (parts::goods(line)) }
        }
    }
}
