//! One order with what belongs to it.

use super::get::{answer as answer_plainly, told};
use crate::{
    consistency::Consistency, expand::Expand, fields::Fields, one::Found, reply::TagHash,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse};
use infra::http::Problem;
use std::str;
use uuid::Uuid;

/// The order of an id with what is asked for as an answer; 404 without one.
/// Its tag is of everything that is in it.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    consistency: &Consistency,
    (expand, fields): (&Expand, Option<&Fields>),
    (id, order): (Uuid, Option<Found>),
) -> Result<HttpResponse, Problem> {
    let Some(order) = order else {
        return answer_plainly(request, state, consistency, (id, None)).await;
    };
    let version = order.etag.version;
    let route = state.servers.for_one();
    let related = route.read(|views| async move { expand.read(&views, &[(id, version)]).await });
    let (related, _) = related.await.map_err(|error| Problem::database(&error))?;
    let document = str::from_utf8(&order.json).map_err(Problem::internal)?;
    let cut = fields.map(|fields| fields.of_stored(document));
    let cut = cut.transpose()?;
    let kept = cut.as_deref().unwrap_or(document);
    let json = expand.write(id, (kept, document), &related)?;

    let fields = fields.map(Fields::canonical).unwrap_or_default();
    let asked = format!("{}{fields}{}", expand.canonical(), related.canonical(id)?);
    let mut hash = TagHash::of(&asked);
    hash.add(id.as_bytes());
    hash.add(&order.etag.version.to_be_bytes());
    hash.add(&order.etag.revision.to_be_bytes());
    let (etag, json) = (format!("\"{}\"", hash.finish()), json.into());
    let order = Found { json, ..order };
    Ok(told(request, state, consistency, (etag, order)))
}
