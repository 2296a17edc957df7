//! `/v1/admin/projections/{name}/rebuild`: making a projection anew from the log
//! beside the one that is served (`docs/ARCHITECTURE.md`, invariant 14). A
//! request is only noted; a running projector, or `orderlog rebuild`, does it.

pub mod cancel;
pub mod list;
pub mod request;

use crate::problems::projection_not_found;
use infra::{http::Problem, views::builds};
use sqlx::PgPool;

/// The name in a path, if a projection has it; Postgres takes no text with a
/// zero byte.
async fn known<'a>(views: &PgPool, name: &'a str) -> Result<&'a str, Problem> {
    let known = !name.contains('\0') && {
        let known = builds::is_known(views, name).await;
        known.map_err(|error| Problem::database(&error))?
    };
    known.then_some(name).ok_or_else(projection_not_found)
}
