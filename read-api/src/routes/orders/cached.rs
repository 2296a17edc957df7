//! Single orders through the cache (`docs/ARCHITECTURE.md`, invariants 8
//! and 13).
//!
//! What nobody insists on may have been read up to five seconds ago; the
//! projector says which orders have changed since. A `min_version` is answered
//! from the cache only by that version or a later one; a `min_position` never
//! is, as no cached document says which positions it has.

use super::store;
use crate::{consistency::Consistency, state::State};
use actix_web::{HttpRequest, http::header::IF_NONE_MATCH, web::Bytes};
use infra::{
    http::{Etag, Problem, none_match},
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
}

/// The order `id`, as fresh as the request asks for; `read` asks the views.
pub async fn order<Fut>(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    id: Uuid,
    read: impl Fn() -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Result<Option<store::Document>, sqlx::Error>> + Send + 'static,
{
    let conditional = request.headers().contains_key(IF_NONE_MATCH);
    if conditional && !consistency.has_position() {
        let at_least = consistency.min_version().map(version);
        let has = |version| none_match(request, &etag(version).to_string());
        let (key, read) = (id.to_string(), || document(read()));
        if let Some(entry) = state.orders.confirm(&key, at_least, has, read).await {
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
    read: impl Fn() -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Result<Option<store::Document>, sqlx::Error>> + Send + 'static,
{
    let (key, read) = (id.to_string(), || document(read()));
    if !consistency.has_position() {
        let at_least = consistency.min_version().map(version);
        if let Some(entry) = state.orders.find(&key, at_least, read).await {
            return Ok(Some(Found::cached(entry)));
        }
    }
    let found = if consistency.is_asked_for() {
        consistency.wait(state, Some(id)).await?;
        state.orders.read_now(&key, read()).await
    } else {
        state.orders.read(&key, read()).await
    };
    let found = found.map_err(|error| Problem::database(&error))?;
    Ok(found.map(Found::read))
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
        }
    }
}

async fn document(
    read: impl Future<Output = Result<Option<store::Document>, sqlx::Error>>,
) -> Result<Option<Document>, Arc<sqlx::Error>> {
    let found = read.await.map_err(Arc::new)?;
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
