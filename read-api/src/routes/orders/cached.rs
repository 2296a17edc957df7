//! Single orders through the cache (`docs/ARCHITECTURE.md`, invariants 8
//! and 13).
//!
//! What nobody insists on may have been read up to five seconds ago; the
//! projector says which orders have changed since. A `min_version` is answered
//! from the cache only by that version or a later one; a `min_position` never
//! is, as no cached document says which positions it has. What is kept was read
//! from the primary: what a replica says may be older than the cache promises.

use super::store;
use crate::{
    consistency::Consistency,
    servers::{PRIMARY, Route},
    state::State,
};
use actix_web::{HttpRequest, http::header::IF_NONE_MATCH, web::Bytes};
use infra::{
    http::{Etag, Problem, none_match},
    postgres::is_worth_another,
    redis::{Document, DocumentCache, Entry, Redis, Version},
    views::ORDERS_FAMILY,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Cached orders, by id.
pub type Cache = DocumentCache<Arc<sqlx::Error>>;

/// The cache, of which the projector announces the versions.
pub fn cache(redis: Redis) -> Cache {
    DocumentCache::new(redis, ORDERS_FAMILY)
}

/// One order, to be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Version and revision.
    pub etag: Etag,
    /// How long ago it was read, where the cache had it.
    pub age: Option<Duration>,
    /// JSON, to be sent as it is; empty where the client has this version.
    pub json: Bytes,
    /// Whether the order is parked. Such an order is not cached.
    pub parked: bool,
    /// The place of the server that has answered.
    pub by: usize,
}

/// An order, and the place of the server that has told it.
pub type Told = Result<(Option<store::Document>, usize), sqlx::Error>;

/// The order `id`, as fresh as the request asks for; `read` asks the servers of
/// a route.
pub async fn order<Fut>(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    id: Uuid,
    read: impl Fn(Route) -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Told> + Send + 'static,
{
    let conditional = request.headers().contains_key(IF_NONE_MATCH);
    if conditional && !consistency.has_position() {
        let at_least = consistency.min_version().map(version);
        let has = |version| none_match(request, &etag(version).to_string());
        let again = || document(read(state.servers.beginning_with(PRIMARY)));
        let key = id.to_string();
        let confirmed = state.orders.confirm(&key, at_least, has, again);
        if let Some(entry) = confirmed.await {
            return Ok(Some(Found::cached(entry)));
        }
    }
    whole(state, consistency, id, read).await
}

/// The same, whatever the client has.
pub async fn whole<Fut>(
    state: &State,
    consistency: &Consistency,
    id: Uuid,
    read: impl Fn(Route) -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Told> + Send + 'static,
{
    let key = id.to_string();
    if !consistency.has_position() {
        let at_least = consistency.min_version().map(version);
        let again = || document(read(state.servers.beginning_with(PRIMARY)));
        if let Some(entry) = state.orders.find(&key, at_least, again).await {
            return Ok(Some(Found::cached(entry)));
        }
    }
    let mut waited = None;
    if consistency.is_asked_for() {
        waited = Some(consistency.wait(state, Some(id)).await?.route);
    }
    if let Some(primary) = state.servers.primary_only() {
        let read = document(read(primary));
        let found = match waited {
            Some(_) => state.orders.read_now(&key, read).await,
            None => state.orders.read(&key, read).await,
        };
        match found {
            Err(error) if state.servers.has_replicas() && is_worth_another(&error) => {}
            found => {
                let found = found.map_err(|error| Problem::database(&error))?;
                return Ok(found.map(Found::read));
            }
        }
    }
    let route = waited.unwrap_or_else(|| state.servers.for_one());
    let (order, by) = read(route)
        .await
        .map_err(|error| Problem::database(&error))?;
    Ok(order.map(|order| Found::told(order, by)))
}

impl Found {
    fn cached(entry: Entry) -> Self {
        Self {
            age: Some(entry.age()),
            ..Self::read(entry)
        }
    }

    fn read(entry: Entry) -> Self {
        Self {
            etag: etag(entry.version),
            age: None,
            json: entry.value,
            parked: !entry.lasting,
            by: PRIMARY,
        }
    }

    /// What a replica has told.
    fn told(order: store::Document, by: usize) -> Self {
        Self {
            etag: order.etag,
            age: None,
            json: order.json.into(),
            parked: order.parked,
            by,
        }
    }
}

async fn document(read: impl Future<Output = Told>) -> Result<Option<Document>, Arc<sqlx::Error>> {
    let (found, _) = read.await.map_err(Arc::new)?;
    Ok(found.map(|order| Document {
        version: Version {
            build: order.etag.version.cast_unsigned(),
            number: u64::from(order.etag.revision.cast_unsigned()),
        },
        value: order.json.into(),
        lasting: !order.parked,
    }))
}

/// Any revision of a version.
const fn version(version: i64) -> Version {
    Version {
        build: version.cast_unsigned(),
        number: 0,
    }
}

fn etag(version: Version) -> Etag {
    Etag {
        version: version.build.cast_signed(),
        revision: i32::try_from(version.number).unwrap_or(i32::MAX),
    }
}
