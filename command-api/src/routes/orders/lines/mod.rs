//! Lines of a placed order.

pub mod add;
pub mod change;
pub mod remove;

use actix_web::web::{ServiceConfig, delete, patch, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/lines")
        .route("", post().to(add::handle))
        .route("/{line}", patch().to(change::handle))
        .route("/{line}", delete().to(remove::handle));
    config.service(routes);
}
