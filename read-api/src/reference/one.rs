//! One document, by its key.

use super::{ONE, kind::Kind, store};
use crate::{
    consistency::{Consistency, PREFERENCE_APPLIED, PROJECTION},
    fields::Fields,
    lag,
    one::{Found, document},
    reply::{Reply, marked},
    servers::{PRIMARY, Route},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, http::header::AGE};
use infra::{
    http::{Problem, Query},
    views::parked,
};
use uuid::Uuid;

/// Answers a request for the one of `kind` with this key.
///
/// # Errors
/// 404 where there is none, 400 for a parameter that is not one, 503 where what is
/// waited for does not come.
pub async fn one(
    kind: &'static Kind,
    request: &HttpRequest,
    state: &State,
    key: &str,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(request, ONE)?;
    let consistency = Consistency::of(request, &query)?;
    let fields = Fields::of(&query, &kind.shape)?;
    let (model, wanted) = (&kind.model, kind.wanted(state, key));
    let id = wanted.about.id;
    let read = |route: Route| async move { route.read(|views| store::one(views, model, id)).await };
    let found = document(request, state, &consistency, wanted, read).await?;
    let Some(found) = found else {
        let lag = state.lag.header_of(model.name, PRIMARY);
        let lag = lag.to_str().unwrap_or_default().to_owned();
        return Err(not_found(kind, state, id).await.header(lag::HEADER, lag));
    };
    let Found {
        etag,
        age,
        json,
        parked,
        by,
        ..
    } = found.cut(fields.as_ref())?;
    Ok(marked(Reply::new(etag.to_string()), parked)
        .header(lag::HEADER, state.lag.header_of(model.name, by))
        .maybe(AGE, age.map(|age| age.as_secs().to_string()))
        .maybe(PREFERENCE_APPLIED, consistency.applied())
        .send(request, json))
}

/// 404, marked where it is parked since its first event.
async fn not_found(kind: &'static Kind, state: &State, id: Uuid) -> Problem {
    let (problem, name) = ((kind.not_found)(), kind.model.name);
    let route = state.servers.for_one();
    let read = route.read(|views| async move { parked::is_parked(&views, name, id).await });
    match read.await {
        Ok((true, _)) => problem.header(PROJECTION, "parked"),
        Ok((false, _)) => problem,
        Err(error) => Problem::database(&error),
    }
}
