//! Refunds.

pub mod fail;
pub mod refund;
pub mod succeed;

use actix_web::web::{ServiceConfig, post, scope};

/// Mounts them below the path of an order.
pub fn configure(config: &mut ServiceConfig) {
    let routes = scope("/refunds")
        .route("", post().to(refund::handle))
        .route("/{refund}/succeed", post().to(succeed::handle))
        .route("/{refund}/fail", post().to(fail::handle));
    config.service(routes);
}
