//! Discounts on a placed order.

pub mod apply;
pub mod remove;

use actix_web::web::{ServiceConfig, delete, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/discounts")
        .route("", post().to(apply::handle))
        .route("/{discount}", delete().to(remove::handle));
    config.service(routes);
}
