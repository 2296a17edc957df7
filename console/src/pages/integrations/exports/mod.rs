//! `/console/exports`: files of orders, lines and events.
//!
//! | file | page |
//! |---|---|
//! | `list.rs` | all exports, and the form that asks for one |
//! | `export.rs` | one of them: how far it is, its file and checksum |

mod export;
mod list;
mod told;
mod wanted;

use crate::Page;
use actix_web::web::{ServiceConfig, get, post};
use uuid::Uuid;

/// In the navigation.
pub const PAGE: Page = Page {
    path: "/console/exports",
    title: "Exports",
    needs: "/v1/exports",
};

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/exports", get().to(list::handle))
        .route("/exports", post().to(list::create))
        .route("/exports/{id}", get().to(export::handle))
        .route("/exports/{id}/now", get().to(export::fragment))
        .route("/exports/{id}/file", get().to(export::download))
        .route("/exports/{id}/cancel", post().to(export::cancel))
        .route("/exports/{id}/delete", post().to(export::delete));
}

/// The page of an export.
fn path_of(id: Uuid) -> String {
    format!("{}/{id}", PAGE.path)
}
