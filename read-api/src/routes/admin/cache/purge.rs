//! `POST /v1/admin/cache/purge`: deleting cached values.

use crate::{
    documented::{Refused, RefusedBody},
    routes::admin::told,
    state::State,
};
use actix_web::{HttpResponse, web::Data};
use infra::{
    http::{Problem, Sent},
    redis::{InvalidPurge, Purge, purge},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which values; without anything all of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"family": "statistics"}))]
pub struct PurgeRequest {
    /// Only those of this family: `orders`, `products`, `platforms`, `statistics`, `documents`,
    /// `quotes`
    #[schema(example = "orders")]
    family: Option<String>,
    /// Only this one; an order's key is its id, that of a product or platform its `subject`. Without a family: `<family>:<key>`
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    key: Option<String>,
    /// Only those whose key begins so; that of a quote with its platform's slug and
    /// `:`. Not together with `key`
    prefix: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Purged {
    /// Values that were deleted.
    purged: u64,
}

/// Purge the cache
///
/// Deletes cached values: by key, by prefix, by family, or all of them. What
/// is asked for next is computed again. Needed only after something that the
/// projector does not announce, such as a change of the views by hand.
#[utoipa::path(
    post,
    path = "/v1/admin/cache/purge",
    operation_id = "purge_cache",
    tag = "admin",
    request_body = PurgeRequest,
    responses((status = 200, description = "They are deleted", body = Purged), Refused, RefusedBody),
    security(("api_key" = []))
)]
pub async fn handle(
    Sent { body, .. }: Sent<PurgeRequest>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let PurgeRequest {
        family,
        key,
        prefix,
    } = body;
    let which = Purge::of(family, key, prefix).map_err(|error| refused(&error))?;
    let purged = purge(&state.redis, &which)
        .await
        .map_err(|error| Problem::unavailable(1).caused_by(&error))?;
    // Other processes hear of it from Redis, as this one does, but a moment later.
    state.orders.drop_copies();
    tracing::info!(?which, purged, "cache.purged");
    Ok(told(HttpResponse::Ok(), &Purged { purged }))
}

fn refused(error: &InvalidPurge) -> Problem {
    let pointer = match error {
        InvalidPurge::UnknownFamily { .. } => "/family",
        InvalidPurge::KeyAndPrefix => "/prefix",
    };
    let detail = error.to_string();
    Problem::bad_request(
        "invalid_body",
        "The body does not have the documented shape",
    )
    .detail(format!("{pointer}: {detail}"))
    .error(pointer, detail)
}
