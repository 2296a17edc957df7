//! Several documents by their keys, through the cache: one round trip to Redis for
//! all of them, and one statement for those that it does not have.

use super::{
    list::{Read, chosen},
    request::ListRequest,
    store::{self, Row},
};
use crate::{
    one::{self, Document},
    servers::{PRIMARY, Route},
    state::State,
};
use infra::{
    http::Problem,
    postgres::is_worth_another,
    redis::{Document as Cached, Entry},
    views::models::ReadModel,
};
use serde::Deserialize;
use std::{collections::HashMap, str, sync::Arc};
use uuid::Uuid;

/// What of a document decides whether it is listed.
#[derive(Deserialize)]
struct Listed {
    archived: bool,
}

/// What was found, and the place of the server that has told it.
type Found = (HashMap<String, Entry>, usize);

/// The page of those with these keys, which are in the order of the list.
pub async fn read(state: &State, list: &ListRequest, keys: &[String]) -> Result<Read, Problem> {
    let ids: Vec<Uuid> = keys.iter().map(|key| list.kind.id(key)).collect();
    let names: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let cached = match list.kind.cache(state) {
        Some(cache) => cache.find_all(&names).await,
        None => HashMap::new(),
    };
    let age = cached.values().map(Entry::age).max();
    let missing = ids
        .iter()
        .filter(|id| !cached.contains_key(&id.to_string()));
    let missing: Vec<Uuid> = missing.copied().collect();
    let (found, by) = if missing.is_empty() {
        (HashMap::new(), PRIMARY)
    } else {
        of_views(state, list, missing).await?
    };
    let documents = keys
        .iter()
        .zip(ids)
        .zip(&names)
        .filter_map(|((key, id), name)| {
            let entry = cached.get(name).or_else(|| found.get(name))?;
            Some(row(id, key, entry))
        });
    let rows = chosen(documents, list.archived, list.limit)?;
    Ok(Read { rows, age, by })
}

fn row(id: Uuid, key: &str, entry: &Entry) -> Result<(Row, bool), Problem> {
    let json = str::from_utf8(&entry.value).map_err(Problem::internal)?;
    let listed: Listed = serde_json::from_str(json).map_err(Problem::internal)?;
    let row = Row {
        id,
        key: key.to_owned(),
        etag: one::etag(entry.version),
        json: json.to_owned(),
    };
    Ok((row, listed.archived))
}

/// Those that the cache does not have. What is kept was read from the primary.
async fn of_views(state: &State, list: &ListRequest, ids: Vec<Uuid>) -> Result<Found, Problem> {
    let model = &list.kind.model;
    if let Some((cache, primary)) = list.kind.cache(state).zip(state.servers.primary_only()) {
        let names: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let read = cached(documents(primary, model, ids.clone()));
        match cache.read_all(&names, read).await {
            Err(error) if state.servers.has_replicas() && is_worth_another(&error) => {}
            found => {
                let found = found.map_err(|error| Problem::database(&error))?;
                return Ok((HashMap::clone(&found), PRIMARY));
            }
        }
    }
    let found = documents(state.servers.for_many(), model, ids).await;
    let (found, by) = found.map_err(|error| Problem::database(&error))?;
    let entries = found.into_iter().map(|(id, document)| {
        let cached = Cached::from(document);
        (id.to_string(), Entry::new(cached.version, cached.value))
    });
    Ok((entries.collect(), by))
}

/// Documents by id, and the place of the server that has told them.
type Told = Result<(HashMap<Uuid, Document>, usize), sqlx::Error>;

async fn cached(
    read: impl Future<Output = Told>,
) -> Result<HashMap<String, Cached>, Arc<sqlx::Error>> {
    let (found, _) = read.await.map_err(Arc::new)?;
    let cached = found.into_iter();
    Ok(cached
        .map(|(id, document)| (id.to_string(), document.into()))
        .collect())
}

async fn documents(route: Route, model: &'static ReadModel, ids: Vec<Uuid>) -> Told {
    let ids = &ids;
    route
        .read(|views| async move { store::several(&views, model, ids).await })
        .await
}
