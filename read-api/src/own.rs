//! Keys of one platform: what is of others is not there for them. Lists are kept to
//! their platform by their query ([`infra::http::Query`]), paths that name a platform
//! by the extractor of the caller; here it is the orders that paths name.

use crate::{problems::order_not_found, state::State};
use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web::{self, Data},
};
use infra::http::{Problem, own_platform};
use moka::future::Cache;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Orders of which the platform is remembered: it never changes.
const REMEMBERED: u64 = 100_000;
/// For how long: a log that was restored may have other orders.
const AGE: Duration = Duration::from_mins(1);

/// The platforms of orders.
#[derive(Debug, Clone)]
pub struct PlatformsOfOrders(Cache<Uuid, Arc<str>>);

impl Default for PlatformsOfOrders {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(AGE)
            .build();
        Self(cache)
    }
}

/// A route about the order that its path calls `id`.
pub fn about_order<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::get().to(handler).wrap(from_fn(keep_to_own))
}

/// What is known to be another's is not there, before anything of it is looked at. An
/// order that nobody knows yet may be there once the answer is, as a read may wait for
/// it: then the answer is looked at. Nothing of a body has been sent by then.
async fn keep_to_own<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let platform = match own_platform(request.request()).await {
        Ok(platform) => platform,
        Err(problem) => return Ok(request.into_response(answer(problem))),
    };
    let Some(platform) = platform else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let known = owner(request.request()).await;
    let is_known = matches!(known, Ok(Some(_)));
    if let Some(problem) = refusal(known, &platform).filter(|_| is_known) {
        return Ok(request.into_response(answer(problem)));
    }
    let response = next.call(request).await?;
    if is_known || response.status().is_server_error() {
        return Ok(response.map_into_left_body());
    }
    let known = owner(response.request()).await;
    Ok(match refusal(known, &platform) {
        Some(problem) => response.into_response(answer(problem)),
        None => response.map_into_left_body(),
    })
}

/// Why the order is not there for whoever has to do with this platform only.
fn refusal(owner: Result<Option<Arc<str>>, Problem>, platform: &Arc<str>) -> Option<Problem> {
    match owner {
        Ok(Some(own)) if own == *platform => None,
        Ok(_) => Some(order_not_found()),
        Err(problem) => Some(problem),
    }
}

fn answer<B>(problem: Problem) -> HttpResponse<EitherBody<B>> {
    HttpResponse::from_error(problem).map_into_right_body()
}

/// The platform of the order that a path names, as far as the views know it.
async fn owner(request: &HttpRequest) -> Result<Option<Arc<str>>, Problem> {
    let state = request.app_data::<Data<State>>();
    let id = request.match_info().get("id");
    let named = state.zip(id.and_then(|id| Uuid::try_parse(id).ok()));
    let Some((state, id)) = named else {
        return Ok(None);
    };
    let known = &state.platforms_of_orders.0;
    if let Some(own) = known.get(&id).await {
        return Ok(Some(own));
    }
    let found: Option<String> = sqlx::query_scalar("SELECT platform FROM orders WHERE id = $1")
        .bind(id)
        .fetch_optional(&state.views)
        .await
        .map_err(|error| Problem::database(&error))?;
    let Some(own) = found else {
        return Ok(None);
    };
    let own: Arc<str> = own.into();
    known.insert(id, Arc::clone(&own)).await;
    Ok(Some(own))
}
