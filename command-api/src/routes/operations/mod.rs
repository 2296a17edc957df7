//! `/v1/operations`: commands that are uploaded now and carried out later.

pub mod cancel;
pub mod create;
pub mod import;

use actix_web::web::{ServiceConfig, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/operations", post().to(create::handle))
        .route("/v1/operations/import", post().to(import::handle))
        .route("/v1/operations/{id}/cancel", post().to(cancel::handle));
}
