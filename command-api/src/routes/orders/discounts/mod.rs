//! Discounts on a placed order.

pub mod apply;
pub mod remove;

use actix_web::web::{ServiceConfig, delete, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/discounts", post().to(apply::handle))
        .route(
            "/v1/orders/{id}/discounts/{discount}",
            delete().to(remove::handle),
        );
}
