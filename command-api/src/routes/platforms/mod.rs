//! Platforms.

pub mod archive;
pub mod body;
pub mod change;
pub mod restore;
pub mod save;

use actix_web::web::{ServiceConfig, delete, patch, post, put};

const ONE: &str = "/v1/platforms/{slug}";

/// Mounts the commands on them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route(ONE, put().to(save::handle))
        .route(ONE, patch().to(change::handle))
        .route(ONE, delete().to(archive::handle))
        .route("/v1/platforms/{slug}/restore", post().to(restore::handle));
}
