//! Goods back.

pub mod approve;
pub mod cancel;
pub mod close;
pub mod decline;
pub mod exchange;
pub mod exchange_link;
pub mod receive;
pub mod request;

use actix_web::web::{ServiceConfig, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/returns")
        .route("", post().to(request::handle))
        .route("/{return}/approve", post().to(approve::handle))
        .route("/{return}/decline", post().to(decline::handle))
        .route("/{return}/receive", post().to(receive::handle))
        .route("/{return}/close", post().to(close::handle))
        .route("/{return}/cancel", post().to(cancel::handle))
        .route("/{return}/exchange", post().to(exchange::handle))
        .route("/{return}/exchange_link", post().to(exchange_link::handle));
    config.service(routes);
}
