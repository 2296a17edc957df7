//! Travelling through the versions of an order.

use super::{Asked, path, read};
use crate::{Failure, Visit, moment};
use contracts::order::Order;
use maud::{Markup, html};
use uuid::Uuid;

/// The version that the order has now.
pub async fn newest(visit: &Visit, id: Uuid) -> Result<i64, Failure> {
    Ok(read(visit, id, Asked::default()).await?.version)
}

/// Leads to each version, and says which one this is.
pub fn slider(order: &Order, newest: i64) -> Markup {
    let now = path(order.id, "");
    let is_past = order.version < newest;
    html! {
        section.card {
            form.row method="get" action=(now) data-submit-on-change {
                label for="version" { "Version " (order.version) " of " (newest.max(order.version)) }
                input #version name="version" type="range" min="1"
                    max=(newest.max(order.version).to_string()) value=(order.version.to_string());
                button type="submit" data-manual { "Go there" }
                @if order.version > 1 {
                    a href={ (now) "?version=" (order.version - 1) } { "Before" }
                }
                @if is_past {
                    a href={ (now) "?version=" (order.version + 1) } { "After" }
                }
            }
            @if is_past {
                p.notice {
                    "This is the order as it was, since " (moment::moment(order.updated_at)) ". "
                    a href=(now) { "Look at it as it is now" } " to do something."
                }
            }
        }
    }
}
