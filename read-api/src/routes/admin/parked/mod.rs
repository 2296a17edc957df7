//! `/v1/admin/parked`: what waits because an event of it cannot be applied
//! (`docs/ARCHITECTURE.md`, invariant 12); orders, unless another projection is
//! named.

pub mod discard;
pub mod list;
pub mod redrive;
pub mod show;

use super::told;
use crate::{problems::not_parked, state::State};
use infra::{
    http::{Problem, Query, query::invalid},
    views::{ORDERS, builds},
};

/// Name of the parameter that names a projection.
const PROJECTION: &str = "projection";

/// The projection that a request is about.
async fn projection(state: &State, query: &Query) -> Result<String, Problem> {
    let Some(name) = query.text(PROJECTION)? else {
        return Ok(ORDERS.to_owned());
    };
    match builds::is_known(&state.views, &name).await {
        Ok(true) => Ok(name),
        Ok(false) => Err(invalid(PROJECTION, "is not the name of a projection")),
        Err(error) => Err(Problem::database(&error)),
    }
}

/// The id in a path; Postgres takes no text with a zero byte.
fn id(text: &str) -> Result<&str, Problem> {
    if text.contains('\0') {
        return Err(not_parked());
    }
    Ok(text)
}
