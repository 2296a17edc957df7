//! Labels.

pub mod tag;
pub mod untag;

use actix_web::web::{ServiceConfig, delete, put, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/tags")
        .route("/{tag}", put().to(tag::handle))
        .route("/{tag}", delete().to(untag::handle));
    config.service(routes);
}
