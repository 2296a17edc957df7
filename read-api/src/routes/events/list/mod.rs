//! `GET /v1/events`: the log, page by page.

mod page;

use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    cursor::{Keyset, Place, QueryHash},
    documented::{
        Conditional, EventTypes, MinPosition, OfOrders, Paging, PartOfLog, PlaceLost, Refused,
        ToldPageOfLog,
    },
    live::{AFTER, Filter},
    log_range::{LogRange, RECORDED_FROM, RECORDED_TO, UNTIL},
    paging,
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::LINK, web::Data};
use contracts::LogPosition;
use infra::http::{Principal, Problem, Query, query::invalid};
use page::Page;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "type",
    "platform",
    "order",
    AFTER,
    UNTIL,
    RECORDED_FROM,
    RECORDED_TO,
    "cursor",
    "limit",
    "min_position",
];

/// A page of the log; put together of the events as they are published, never
/// of this.
#[derive(Serialize, ToSchema)]
pub struct LogPage {
    /// In the order of the log.
    data: Vec<LoggedEvent>,
    /// Whether there may be later ones.
    has_more: bool,
    /// To be passed as `cursor`, with the same filters.
    next_cursor: Option<String>,
}

/// A `CloudEvent` as one JSON object, its personal data readable.
#[derive(Serialize, ToSchema)]
struct LoggedEvent {
    #[schema(example = "1.0")]
    specversion: String,
    /// The same wherever the event is told.
    id: Uuid,
    #[schema(example = "/orderlog")]
    source: String,
    #[serde(rename = "type")]
    #[schema(example = "order.placed")]
    event_type: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    time: String,
    /// Id of the order.
    subject: Uuid,
    /// Version of the order after it.
    sequence: i64,
    /// Who it was.
    actor: String,
    /// Place in the log: to go on `after`, or to wait for.
    position: String,
    /// Ties together what one request led to.
    correlationid: Option<String>,
    /// What led to it.
    causationid: Option<String>,
    traceparent: Option<String>,
    /// Version of the platform's rules that it was decided by, where any were
    /// asked.
    platformversion: Option<String>,
    #[schema(example = "application/json")]
    datacontenttype: String,
    /// Fields of its type (docs/asyncapi.json), and `after`.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

/// Events
///
/// The log from a place on, page by page, as `GET /v1/events/stream` tells it:
/// final events only, so a page never changes but where personal data is erased,
/// and none is repeated or left out. A page that filters leave little for may
/// have fewer events than `limit`, even none, and yet a `next_cursor`: so much of
/// the log was looked at. After the last page, the `position` of the last event
/// is where to go on with `after` later.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "list_events",
    tag = "events",
    params(EventTypes, OfOrders, PartOfLog, Paging, MinPosition, Conditional),
    responses(ToldPageOfLog<LogPage>, PlaceLost, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let (filter, limit) = (
        Filter::of(&query)?.with_types(&query)?,
        paging::limit(&query)?,
    );
    let mut range = LogRange::asked(&query)?;
    let hash = QueryHash::of(&format!("log\n{filter:?}\n{}", range.canonical()));
    if let Some(cursor) = query.one("cursor")? {
        if query.one(AFTER)?.is_some() {
            return Err(invalid(AFTER, "cannot be combined with cursor"));
        }
        range.after = position(state.cursors.open(hash, cursor).await?);
    }
    state.log.usable()?;
    range.check(&state.log).await?;
    // What the views have of the log is final.
    consistency.wait(&state, None).await?;

    let page = Page::read(&state, range, &filter, limit).await?;
    let next = match page.next {
        Some(at) => Some(state.cursors.seal(hash, after(at)).await?),
        None => None,
    };
    let body = paging::body(page.events.iter().map(String::as_str), next.as_deref());
    let mut tag = TagHash::of("log");
    tag.add(&body);
    Ok(Reply::new(format!("\"{}\"", tag.finish()))
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .maybe(LINK, next.map(|next| paging::link(&request, &next)))
        .send(&request, body))
}

/// A place in the log, as cursors keep places.
fn after(at: LogPosition) -> Place {
    Place::after(Keyset {
        value: at.epoch.into(),
        id: Uuid::from_u64_pair(at.xid, at.position.cast_unsigned()),
    })
}

fn position(Place { keyset, .. }: Place) -> LogPosition {
    let (xid, position) = keyset.id.as_u64_pair();
    LogPosition {
        // One was put into it.
        epoch: i32::try_from(keyset.value).unwrap_or_default(),
        xid,
        position: position.cast_signed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_a_place_in_the_log() {
        for at in [
            LogPosition::START,
            LogPosition {
                epoch: i32::MAX,
                xid: u64::MAX,
                position: i64::MIN,
            },
        ] {
            assert_eq!(position(after(at)), at);
        }
    }
}
