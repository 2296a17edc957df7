//! Keys of one platform: what is of others is not there for them. Lists are kept to
//! their platform by their query ([`infra::http::Query`]), paths that name a platform
//! by the extractor of the caller; here it is the orders that paths name.

use crate::{problems::order_not_found, state::State};
use actix_web::{
    Error, FromRequest, Handler, HttpMessage as _, HttpRequest, HttpResponse, Responder, Route,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::{Next, from_fn},
    web::{self, Data},
};
use infra::http::{Principal, Problem};
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

/// Looks at the answer rather than at the question: a read may wait until the order
/// is there. Nothing of a body has been sent yet.
async fn keep_to_own<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    // What else is answered may say something of the order.
    let says_nothing = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
    ];
    let status = response.status();
    if says_nothing.contains(&status) || status.is_server_error() {
        return Ok(response.map_into_left_body());
    }
    match is_theirs(response.request()).await {
        Ok(true) => Ok(response.map_into_left_body()),
        Ok(false) => Ok(refused(response, order_not_found())),
        Err(problem) => Ok(refused(response, problem)),
    }
}

fn refused<B>(
    response: ServiceResponse<B>,
    problem: Problem,
) -> ServiceResponse<actix_web::body::EitherBody<B>> {
    let answer = HttpResponse::from_error(problem);
    response.into_response(answer.map_into_right_body())
}

async fn is_theirs(request: &HttpRequest) -> Result<bool, Problem> {
    let principal = request.extensions().get::<Principal>().cloned();
    let Some(platform) = principal.and_then(|principal| principal.platform) else {
        return Ok(true);
    };
    let state = request.app_data::<Data<State>>();
    let id = request.match_info().get("id");
    let named = state.zip(id.and_then(|id| Uuid::try_parse(id).ok()));
    let Some((state, id)) = named else {
        return Ok(false);
    };
    let known = &state.platforms_of_orders.0;
    if let Some(own) = known.get(&id).await {
        return Ok(own == platform);
    }
    let found: Option<String> = sqlx::query_scalar("SELECT platform FROM orders WHERE id = $1")
        .bind(id)
        .fetch_optional(&state.views)
        .await
        .map_err(|error| Problem::database(&error))?;
    let Some(own) = found else {
        return Ok(false);
    };
    let own: Arc<str> = own.into();
    known.insert(id, Arc::clone(&own)).await;
    Ok(own == platform)
}
