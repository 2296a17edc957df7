//! Payments.

pub mod authorize;
pub mod capture;
pub mod fail;
pub mod void;

use actix_web::web::{ServiceConfig, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/payments")
        .route("", post().to(authorize::handle))
        .route("/{payment}/capture", post().to(capture::handle))
        .route("/{payment}/void", post().to(void::handle))
        .route("/{payment}/fail", post().to(fail::handle));
    config.service(routes);
}
