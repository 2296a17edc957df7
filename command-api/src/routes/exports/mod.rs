//! `/v1/exports`: exports in the background.

pub mod cancel;
pub mod create;
pub mod delete;

use super::told;
use crate::{
    call::Call,
    exports::{Exports, export_not_found, no_object_storage},
};
use actix_web::web::{self, ServiceConfig};
use infra::http::Problem;
use uuid::Uuid;

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/exports", web::post().to(create::handle))
        .route("/v1/exports/{id}", web::delete().to(delete::handle))
        .route("/v1/exports/{id}/cancel", web::post().to(cancel::handle));
}

/// Exports, and the one that the path names.
fn named(call: &Call) -> Result<(&Exports, Uuid), Problem> {
    let id = call.path("id").parse().map_err(|_| export_not_found())?;
    Ok((exports(call)?, id))
}

fn exports(call: &Call) -> Result<&Exports, Problem> {
    call.api.exports.as_ref().ok_or_else(no_object_storage)
}

/// Where an export is read.
fn location(id: Uuid) -> String {
    format!("/v1/exports/{id}")
}
