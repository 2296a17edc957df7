//! A page of a list, in the order of the keys.

use super::{
    kind::Kind,
    request::{Archived, ListRequest},
    several,
    store::{self, Row},
};
use crate::{
    consistency::PREFERENCE_APPLIED,
    lag, paging,
    reply::{Reply, TagHash},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AGE, LINK},
};
use infra::http::Problem;
use std::time::Duration;

/// Documents, and where they come from.
pub struct Read {
    /// In the order of their keys: those of the page, and one more where there are
    /// more.
    pub rows: Vec<Row>,
    /// How long ago the oldest of them was read, where the cache had one.
    pub age: Option<Duration>,
    /// The place of the server that has answered.
    pub by: usize,
}

/// Answers a request for a list.
///
/// # Errors
/// 400 for a parameter that is not one, or a cursor of another list; 503 where
/// what is waited for does not come.
pub async fn list(
    kind: &'static Kind,
    request: &HttpRequest,
    state: &State,
) -> Result<HttpResponse, Problem> {
    let list = ListRequest::of(kind, request, &state.cursors).await?;
    let Read { mut rows, age, by } = match list.cached_keys() {
        Some(keys) => several::read(state, &list, keys).await?,
        None => of_views(state, &list).await?,
    };
    let has_more = rows.len() > list.limit;
    rows.truncate(list.limit);
    let next = match rows.last().filter(|_| has_more) {
        Some(end) => Some(state.cursors.seal_key(list.hash(), &end.key).await?),
        None => None,
    };
    let etag = tag(&list, &rows, has_more);
    if let Some(fields) = &list.fields {
        for row in &mut rows {
            row.json = fields.of_stored(&row.json)?;
        }
    }
    let documents = rows.iter().map(|row| row.json.as_str());
    let body = paging::body(documents, next.as_deref());
    Ok(Reply::new(etag)
        .header(lag::HEADER, state.lag.header_of(kind.model.name, by))
        .maybe(AGE, age.map(|age| age.as_secs().to_string()))
        .maybe(PREFERENCE_APPLIED, list.consistency.applied())
        .maybe(LINK, next.map(|next| paging::link(request, &next)))
        .send(request, body))
}

async fn of_views(state: &State, list: &ListRequest) -> Result<Read, Problem> {
    let route = list.consistency.wait(state, None).await?.route;
    let read = route.read(|views| async move { store::page(&views, list).await });
    let (rows, by) = read.await.map_err(|error| Problem::database(&error))?;
    Ok(Read {
        rows,
        age: None,
        by,
    })
}

fn tag(list: &ListRequest, rows: &[Row], has_more: bool) -> String {
    let mut hash = TagHash::of(&list.canonical());
    hash.add(&[u8::from(has_more)]);
    for row in rows {
        hash.add(row.id.as_bytes());
        hash.add(&row.etag.version.to_be_bytes());
        hash.add(&row.etag.revision.to_be_bytes());
    }
    format!("\"{}\"", hash.finish())
}

/// Leaves out what is not asked for, and what is beyond one more than the page has.
pub fn chosen(
    documents: impl Iterator<Item = Result<(Row, bool), Problem>>,
    archived: Archived,
    limit: usize,
) -> Result<Vec<Row>, Problem> {
    let taken = documents.filter_map(|document| match document {
        Ok((row, is_archived)) => archived.takes(is_archived).then_some(Ok(row)),
        Err(problem) => Some(Err(problem)),
    });
    taken.take(limit + 1).collect()
}
