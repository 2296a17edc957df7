//! `/console/keys`: who may call.
//!
//! | file | page |
//! |---|---|
//! | `list.rs` | all keys |
//! | `create.rs` | a new one, shown once; one that is revoked |

mod create;
mod draft;
mod list;
mod told;

use crate::Page;
use actix_web::web::{ServiceConfig, get, post};

/// In the navigation.
pub const PAGE: Page = Page {
    path: "/console/keys",
    title: "API keys",
    needs: "/v1/api_keys",
};

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/keys", get().to(list::handle))
        .route("/keys", post().to(create::handle))
        .route("/keys/{id}/revoke", post().to(create::revoke));
}
