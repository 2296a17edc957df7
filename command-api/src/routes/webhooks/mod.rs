//! `/v1/webhooks`: who is told of events, and what was not told.

pub mod deliveries;
pub mod endpoints;

use super::told;
use crate::call::Call;
use actix_web::web::{self, ServiceConfig};
use uuid::Uuid;

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route(
            "/v1/webhooks/endpoints",
            web::post().to(endpoints::create::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}",
            web::patch().to(endpoints::change::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}",
            web::delete().to(endpoints::delete::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}/rotate_secret",
            web::post().to(endpoints::rotate::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}/ping",
            web::post().to(endpoints::ping::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}/replay",
            web::post().to(endpoints::replay::handle),
        )
        .route(
            "/v1/webhooks/deliveries/{id}/retry",
            web::post().to(deliveries::retry::handle),
        );
}

/// The id that a path names; none where it is no id.
fn id_of(call: &Call) -> Option<Uuid> {
    call.path("id").parse().ok()
}
