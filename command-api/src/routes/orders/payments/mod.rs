//! Payments.

pub mod authorize;
pub mod capture;
pub mod fail;
pub mod void;

use actix_web::web::{ServiceConfig, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/payments", post().to(authorize::handle))
        .route(
            "/v1/orders/{id}/payments/{payment}/capture",
            post().to(capture::handle),
        )
        .route(
            "/v1/orders/{id}/payments/{payment}/void",
            post().to(void::handle),
        )
        .route(
            "/v1/orders/{id}/payments/{payment}/fail",
            post().to(fail::handle),
        );
}
