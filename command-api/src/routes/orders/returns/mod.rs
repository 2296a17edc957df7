//! Goods back.

pub mod approve;
pub mod cancel;
pub mod close;
pub mod decline;
pub mod exchange;
pub mod exchange_link;
pub mod receive;
pub mod request;

use actix_web::web::{ServiceConfig, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders/{id}/returns", post().to(request::handle))
        .route(
            "/v1/orders/{id}/returns/{return}/approve",
            post().to(approve::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/decline",
            post().to(decline::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/receive",
            post().to(receive::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/close",
            post().to(close::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/cancel",
            post().to(cancel::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/exchange",
            post().to(exchange::handle),
        )
        .route(
            "/v1/orders/{id}/returns/{return}/exchange_link",
            post().to(exchange_link::handle),
        );
}
