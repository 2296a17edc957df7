//! Lines of a placed order.

pub mod add;
pub mod change;
pub mod remove;

use actix_web::web::{ServiceConfig, delete, patch, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/lines", post().to(add::handle))
        .route("/v1/orders/{id}/lines/{line}", patch().to(change::handle))
        .route("/v1/orders/{id}/lines/{line}", delete().to(remove::handle));
}
