//! Labels.

pub mod tag;
pub mod untag;

use actix_web::web::{ServiceConfig, delete, put};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/tags/{tag}", put().to(tag::handle))
        .route("/v1/orders/{id}/tags/{tag}", delete().to(untag::handle));
}
