//! Goods out.

pub mod cancel;
pub mod create;
pub mod deliver;
pub mod ship;
pub mod tracking;

use actix_web::web::{ServiceConfig, patch, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/fulfillments")
        .route("", post().to(create::handle))
        .route("/{fulfillment}/ship", post().to(ship::handle))
        .route("/{fulfillment}/deliver", post().to(deliver::handle))
        .route("/{fulfillment}/cancel", post().to(cancel::handle))
        .route("/{fulfillment}/tracking", patch().to(tracking::handle));
    config.service(routes);
}
