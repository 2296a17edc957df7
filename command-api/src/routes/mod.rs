//! Routes, as the tree of their paths.

mod orders;

use actix_web::web::{ServiceConfig, post};

pub(crate) use orders::{cancel, import, notes, place};

/// Mounts every command. The application's data must hold a
/// [`CommandApi`](crate::CommandApi) and the keys.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders", post().to(place::handle))
        .route("/v1/orders/import", post().to(import::handle))
        .route("/v1/orders/{id}/cancel", post().to(cancel::handle))
        .route("/v1/orders/{id}/notes", post().to(notes::handle));
    infra::http::problem_types(config, crate::PROBLEM_TYPES);
}
