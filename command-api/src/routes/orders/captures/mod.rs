//! Pending captures.

pub mod fail;
pub mod succeed;

use actix_web::web::{ServiceConfig, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route(
            "/v1/orders/{id}/captures/{capture}/succeed",
            post().to(succeed::handle),
        )
        .route(
            "/v1/orders/{id}/captures/{capture}/fail",
            post().to(fail::handle),
        );
}
