//! Pending captures.

pub mod fail;
pub mod succeed;

use actix_web::web::{ServiceConfig, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/captures")
        .route("/{capture}/succeed", post().to(succeed::handle))
        .route("/{capture}/fail", post().to(fail::handle));
    config.service(routes);
}
