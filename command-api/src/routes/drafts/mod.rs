//! Orders that are being put together.

pub mod complete;
pub mod create;
pub mod update;

use actix_web::web::{ServiceConfig, patch, post};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/drafts", post().to(create::handle))
        .route("/v1/drafts/{id}", patch().to(update::handle))
        .route("/v1/drafts/{id}/complete", post().to(complete::handle));
}
