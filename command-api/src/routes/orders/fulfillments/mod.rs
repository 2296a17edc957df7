//! Goods out.

pub mod cancel;
pub mod create;
pub mod deliver;
pub mod ship;
pub mod tracking;

use actix_web::web::{ServiceConfig, patch, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/fulfillments", post().to(create::handle))
        .route(
            "/v1/orders/{id}/fulfillments/{fulfillment}/ship",
            post().to(ship::handle),
        )
        .route(
            "/v1/orders/{id}/fulfillments/{fulfillment}/deliver",
            post().to(deliver::handle),
        )
        .route(
            "/v1/orders/{id}/fulfillments/{fulfillment}/cancel",
            post().to(cancel::handle),
        )
        .route(
            "/v1/orders/{id}/fulfillments/{fulfillment}/tracking",
            patch().to(tracking::handle),
        );
}
