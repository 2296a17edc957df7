//! Refunds.

pub mod fail;
pub mod refund;
pub mod succeed;

use actix_web::web::{ServiceConfig, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/refunds", post().to(refund::handle))
        .route(
            "/v1/orders/{id}/refunds/{refund}/succeed",
            post().to(succeed::handle),
        )
        .route(
            "/v1/orders/{id}/refunds/{refund}/fail",
            post().to(fail::handle),
        );
}
