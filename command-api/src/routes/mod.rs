//! Routes, as the tree of their paths.

pub(crate) mod bulk;
pub(crate) mod drafts;
pub(crate) mod orders;
pub(crate) mod webhooks;

use actix_web::web::{ServiceConfig, post};

/// Mounts every command. The application's data must hold a
/// [`CommandApi`](crate::CommandApi) and the keys.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(drafts::configure)
        .configure(orders::configure)
        .configure(webhooks::configure)
        .route("/v1/bulk", post().to(bulk::handle));
    infra::http::problem_types(config, crate::PROBLEM_TYPES);
}
