//! The page as a whole.

use super::{
    Asked,
    actions::{self, NotDone, Typed},
    beside, path, read,
    state::state as state_of,
    story::{self, Story},
    versions,
};
use crate::{
    Failure, Visit,
    layout::{not_live, short},
    pages::orders::PAGE,
};
use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use contracts::order::Order;
use maud::{Markup, html};
use uuid::Uuid;

/// The page.
pub async fn show(
    visit: Visit,
    id: Path<Uuid>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let (title, main) = whole(&visit, *id, *asked, None).await?;
    Ok(visit.page(&title, &main))
}

/// The page after something was not done, which says why, with what was typed.
pub async fn refused(
    mut visit: Visit,
    id: Uuid,
    why: NotDone,
    typed: Typed<'_>,
) -> Result<HttpResponse, Failure> {
    let newest = Asked {
        version: None,
        at_least: why.version,
    };
    visit.notice = Some(why.notice);
    let (title, main) = whole(&visit, id, newest, Some(typed)).await?;
    Ok(visit.page_with(why.status, &title, &main))
}

/// Its title and its content.
async fn whole(
    visit: &Visit,
    id: Uuid,
    asked: Asked,
    typed: Option<Typed<'_>>,
) -> Result<(String, Markup), Failure> {
    let order = read(visit, id, asked).await?;
    let newest = match asked.version {
        Some(_) => versions::newest(visit, order.id).await?,
        None => order.version,
    };
    let story = Story::until(visit, &order).await?;
    let title = format!("Order {}", order.number);
    let main = html! {
        div.head {
            h1 { (title) }
            p.hint { a href=(PAGE.path) { "All orders" } " · " (short(&order.id.to_string())) }
        }
        (versions::slider(&order, newest))
        div.columns {
            div {
                div #state {
                    @if asked.is_behind(&order) { (not_yet(&order, asked)) }
                    (state_of(visit, &order))
                }
                (told(visit, &order, &story, newest))
            }
            aside.stack {
                @if order.version == newest {
                    div #actions { (actions::offer(visit, &order, typed)) }
                }
                (beside::documents(&order))
                (beside::deliveries_later(visit, &order))
            }
        }
    };
    Ok((title, main))
}

/// The views are late, or the order is parked; the module takes this away with the state
/// that it stands in.
fn not_yet(order: &Order, asked: Asked) -> Markup {
    let again = asked.at_least.unwrap_or_default();
    let again = path(order.id, &format!("?at_least={again}"));
    html! {
        p.notice.warm role="status" {
            "What was just done is not shown yet: this is the order before it. "
            a href=(again) { "Look again" }
        }
    }
}

/// The state of the order alone, for the module that puts it in place anew.
pub async fn state(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let order = read(&visit, *id, Asked::default()).await?;
    Ok(visit.fragment(state_of(&visit, &order)))
}

/// What may be done to the order now, for the module.
pub async fn actions(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let order = read(&visit, *id, Asked::default()).await?;
    Ok(visit.fragment(actions::offer(&visit, &order, None)))
}

/// The story; that of the newest version goes on by itself.
fn told(visit: &Visit, order: &Order, story: &Story, newest: i64) -> Markup {
    let live = order.version == newest;
    let grow = format!("/story?after={{id}}&currency={}", order.currency);
    let grow = path(order.id, &grow);
    let forms = (live && actions::may_act(visit)).then(|| path(order.id, "/actions"));
    html! {
        section.card {
            h2 { "Story" }
            @if let Some(earlier) = story.earlier() {
                p { a href={ (path(order.id, "")) "?version=" (earlier) } { "Earlier events" } }
            }
            @if live { (not_live("not-live")) }
            ol.timeline data-live-lost="#not-live" data-live=[live.then(|| path(order.id, "/changes"))]
                data-live-grow=[live.then_some(grow)]
                data-live-then="#state" data-live-then-url=(path(order.id, "/state"))
                data-live-forms="#actions" data-live-forms-url=[forms] {
                (story::entries(visit, order, story))
            }
        }
    }
}
