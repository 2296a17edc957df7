//! `/v1/operations`: bulk requests that are carried out in the background.

pub mod chosen;
pub mod list;
pub mod results;
pub mod show;

use actix_web::web::{ServiceConfig, get};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/operations", get().to(list::handle))
        .route("/v1/operations/{id}", get().to(show::handle))
        .route("/v1/operations/{id}/results", get().to(results::handle));
}
