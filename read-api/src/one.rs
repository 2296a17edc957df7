//! Single documents through the cache (`docs/ARCHITECTURE.md`, invariants 8
//! and 13): orders, and reference data.
//!
//! What nobody insists on may have been read up to five seconds ago; the
//! projector says which documents have changed since. A `min_version` is answered
//! from the cache only by that version or a later one; a `min_position` never
//! is, as no cached document says which positions it has. What is kept was read
//! from the primary: what a replica says may be older than the cache promises.

use crate::{
    consistency::{About, Consistency},
    fields::Fields,
    servers::{PRIMARY, Route},
    state::State,
};
use actix_web::{HttpRequest, http::header::IF_NONE_MATCH, web::Bytes};
use infra::{
    http::{CodedForms, Etag, Problem, none_match},
    postgres::is_worth_another,
    redis::{Document as Cached, DocumentCache, Entry, Version},
};
use std::{str, sync::Arc, time::Duration};
use uuid::Uuid;

/// Cached documents, by id; of each family the projector announces the versions.
pub type Cache = DocumentCache<Arc<sqlx::Error>>;

/// One document, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Version and revision.
    pub etag: Etag,
    /// JSON, to be sent as it is.
    pub json: String,
    /// Whether it is parked: later events of it wait.
    pub parked: bool,
}

/// One document, to be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Version and revision.
    pub etag: Etag,
    /// How long ago it was read, where the cache had it.
    pub age: Option<Duration>,
    /// JSON, to be sent as it is; empty where the client has this version.
    pub json: Bytes,
    /// Its codings, where they are kept.
    pub forms: CodedForms,
    /// Whether it is parked. What is parked is not cached.
    pub parked: bool,
    /// The place of the server that has answered.
    pub by: usize,
}

/// A document, and the place of the server that has told it.
pub type Told = Result<(Option<Document>, usize), sqlx::Error>;

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Which one.
    pub about: About,
    /// Where it may be cached.
    pub cache: Option<&'a Cache>,
}

/// The document, as fresh as the request asks for; `read` asks the servers of a
/// route.
pub async fn document<Fut>(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    wanted: Wanted<'_>,
    read: impl Fn(Route) -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Told> + Send + 'static,
{
    let conditional = request.headers().contains_key(IF_NONE_MATCH);
    if let Some(cache) = wanted.cache
        && conditional
        && !consistency.has_position()
    {
        let at_least = consistency.min_version().map(version);
        let has = |version| none_match(request, &etag(version).to_string());
        let again = || cached(read(state.servers.beginning_with(PRIMARY)));
        let mut key = Uuid::encode_buffer();
        let key = wanted.about.id.hyphenated().encode_lower(&mut key);
        let confirmed = cache.confirm(key, at_least, has, again);
        if let Some(entry) = confirmed.await {
            return Ok(Some(Found::cached(entry)));
        }
    }
    whole(state, consistency, wanted, read).await
}

/// The same, whatever the client has.
pub async fn whole<Fut>(
    state: &State,
    consistency: &Consistency,
    Wanted { about, cache }: Wanted<'_>,
    read: impl Fn(Route) -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Told> + Send + 'static,
{
    if let Some(cache) = cache
        && !consistency.has_position()
    {
        let mut key = Uuid::encode_buffer();
        let key = about.id.hyphenated().encode_lower(&mut key);
        let at_least = consistency.min_version().map(version);
        let again = || cached(read(state.servers.beginning_with(PRIMARY)));
        if let Some(entry) = cache.find(key, at_least, again).await {
            return Ok(Some(Found::cached(entry)));
        }
    }
    // What is rarely needed takes no room in what is kept of each request.
    Box::pin(unfound(state, consistency, Wanted { about, cache }, read)).await
}

/// The document, which is in no cache, or has to be waited for.
async fn unfound<Fut>(
    state: &State,
    consistency: &Consistency,
    Wanted { about, cache }: Wanted<'_>,
    read: impl Fn(Route) -> Fut,
) -> Result<Option<Found>, Problem>
where
    Fut: Future<Output = Told> + Send + 'static,
{
    let mut waited = None;
    if consistency.is_asked_for() {
        waited = Some(consistency.wait(state, Some(about)).await?.route);
    }
    if let Some((cache, primary)) = cache.zip(state.servers.primary_only()) {
        let (key, read) = (about.id.to_string(), cached(read(primary)));
        let found = match waited {
            Some(_) => cache.read_now(&key, read).await,
            None => cache.read(&key, read).await,
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
    let (document, by) = read(route)
        .await
        .map_err(|error| Problem::database(&error))?;
    Ok(document.map(|document| Found::told(document, by)))
}

impl Found {
    /// The same with some of its fields, where some are asked for. Its tag stays:
    /// the question is part of what the tag is of.
    pub fn cut(self, fields: Option<&Fields>) -> Result<Self, Problem> {
        match fields {
            Some(fields) if !self.json.is_empty() => {
                let json = str::from_utf8(&self.json).map_err(Problem::internal)?;
                let json = fields.of_stored(json)?.into();
                Ok(Self { json, ..self })
            }
            _ => Ok(self),
        }
    }

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
            forms: entry.forms,
            parked: !entry.lasting,
            by: PRIMARY,
        }
    }

    /// What a replica has told.
    fn told(document: Document, by: usize) -> Self {
        Self {
            etag: document.etag,
            age: None,
            json: document.json.into(),
            forms: CodedForms::default(),
            parked: document.parked,
            by,
        }
    }
}

impl From<Document> for Cached {
    fn from(document: Document) -> Self {
        Self {
            version: Version {
                build: document.etag.version.cast_unsigned(),
                number: u64::from(document.etag.revision.cast_unsigned()),
            },
            value: document.json.into(),
            lasting: !document.parked,
        }
    }
}

async fn cached(read: impl Future<Output = Told>) -> Result<Option<Cached>, Arc<sqlx::Error>> {
    let (found, _) = read.await.map_err(Arc::new)?;
    Ok(found.map(Cached::from))
}

/// Any revision of a version.
const fn version(version: i64) -> Version {
    Version {
        build: version.cast_unsigned(),
        number: 0,
    }
}

/// The tag of a cached document.
pub fn etag(version: Version) -> Etag {
    Etag {
        version: version.build.cast_signed(),
        revision: i32::try_from(version.number).unwrap_or(i32::MAX),
    }
}
