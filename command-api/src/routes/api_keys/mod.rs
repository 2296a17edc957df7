//! `/v1/api_keys`: who may call.

pub mod create;
pub mod revoke;

use actix_web::web::{self, ServiceConfig};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/api_keys", web::post().to(create::handle))
        .route("/v1/api_keys/{id}", web::delete().to(revoke::handle));
}
