//! `/console/operations`: files and lines that are carried out in the background.
//!
//! | file | page |
//! |---|---|
//! | `list.rs` | all operations, and the form to upload a file |
//! | `upload.rs` | takes the file, and hands it on as it comes |
//! | `operation.rs` | one of them: how far it is, what failed |
//! | `results.rs` | results, on the page and to be downloaded |

mod list;
mod operation;
mod results;
mod sheet;
mod told;
mod upload;
mod wanted;

use crate::Page;
use actix_web::web::{ServiceConfig, get, post};
use uuid::Uuid;

/// In the navigation.
pub const PAGE: Page = Page {
    path: "/console/operations",
    title: "Imports and operations",
    needs: "/v1/operations",
};

/// The route that takes files.
const UPLOAD: &str = "/v1/operations/import";

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/operations", get().to(list::handle))
        .route("/operations", post().to(upload::handle))
        .route("/operations/{id}", get().to(operation::handle))
        .route("/operations/{id}/now", get().to(operation::fragment))
        .route("/operations/{id}/cancel", post().to(operation::cancel))
        .route(
            "/operations/{id}/results.ndjson",
            get().to(results::download),
        )
        .route("/operations/{id}/failed.csv", get().to(sheet::download));
}

/// The page of an operation.
fn path_of(id: Uuid) -> String {
    format!("{}/{id}", PAGE.path)
}
