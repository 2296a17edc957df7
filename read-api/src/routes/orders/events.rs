//! `GET /v1/orders/{id}/events`: the history of one order.

use super::{
    about, not_found, order_id,
    store::{self, HistoryEntry},
};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED},
    cursor::{Keyset, Place, QueryHash},
    documented::{
        Conditional, MinPosition, MinVersion, NoSuchOrder, OrderId, Paging, Refused, ToldPartOf,
    },
    lag, paging,
    reply::{Reply, TagHash, marked},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::LINK,
    web::{Data, Path},
};
use contracts::order::TimelineEntry;
use infra::http::{Etag, Principal, Problem, Query, query::invalid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["after", "cursor", "limit", "min_version", "min_position"];

/// A page of an order's history; put together of stored JSON, never of this.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    /// Oldest first.
    data: Vec<TimelineEntry>,
    /// Whether there are later ones.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// History of one order
///
/// Who did what, when and why, oldest first. It only ever grows: `after` takes
/// the version up to which the client has it already.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/events",
    operation_id = "list_order_events",
    tag = "orders",
    params(
        OrderId,
        ("after" = Option<i64>, Query, minimum = 0, description = "Only what came after this version"),
        Paging,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(ToldPartOf<EventList>, NoSuchOrder, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let consistency = Consistency::of(&request, &query)?;
    let limit = paging::limit(&query)?;
    let id = order_id(&id)?;
    let hash = QueryHash::of(&format!("events {id}"));
    let after = after(&state, &query, hash).await?;
    let route = consistency.wait(&state, Some(about(id))).await?.route;

    let read = route.read(|views| async move {
        let Some(order) = store::head(&views, id).await? else {
            return Ok(None);
        };
        let entries = store::history(&views, id, after, paging::one_more(limit)).await?;
        Ok(Some((order, entries)))
    });
    let (found, by) = read
        .await
        .map_err(|error: sqlx::Error| Problem::database(&error))?;
    let Some((order, mut entries)) = found else {
        return Err(not_found(&state, id).await);
    };
    let has_more = entries.len() > limit;
    entries.truncate(limit);

    let next = match entries.last().filter(|_| has_more) {
        Some(HistoryEntry { version, .. }) => {
            let last = Keyset {
                value: *version,
                id,
            };
            Some(state.cursors.seal(hash, Place::after(last)).await?)
        }
        None => None,
    };
    let body = paging::body(
        entries.iter().map(|entry| entry.json.as_str()),
        next.as_deref(),
    );
    let tag = tag(id, order.etag, after, &entries, has_more);
    Ok(marked(Reply::new(tag), order.parked)
        .header(lag::HEADER, state.lag.header(by))
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .maybe(LINK, next.map(|next| paging::link(&request, &next)))
        .send(&request, body))
}

/// The version that the page begins after.
async fn after(state: &State, query: &Query, hash: QueryHash) -> Result<i64, Problem> {
    let expected = "a version from 0";
    let after = query.parsed::<i64>("after", expected)?;
    match (query.one("cursor")?, after) {
        (Some(_), Some(_)) => Err(invalid("after", "cannot be combined with cursor")),
        (Some(cursor), None) => Ok(state.cursors.open(hash, cursor).await?.keyset.value),
        (None, Some(after)) if after < 0 => Err(invalid("after", format!("must be {expected}"))),
        (None, after) => Ok(after.unwrap_or(0)),
    }
}

/// Entries change only with the order's revision, and are only ever added.
fn tag(id: Uuid, order: Etag, after: i64, entries: &[HistoryEntry], has_more: bool) -> String {
    let last = entries.last().map_or(after, |entry| entry.version);
    let mut hash = TagHash::of("events");
    hash.add(id.as_bytes());
    hash.add(&order.revision.to_be_bytes());
    hash.add(&after.to_be_bytes());
    hash.add(&last.to_be_bytes());
    hash.add(&[u8::from(has_more)]);
    format!("\"{}\"", hash.finish())
}
