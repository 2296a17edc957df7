//! `/v1/admin/parked`: orders that wait because an event of theirs cannot be
//! applied (`docs/ARCHITECTURE.md`, invariant 12).

pub mod list;
pub mod redrive;
pub mod show;

use crate::problems::not_parked;
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, HeaderValue},
};
use infra::http::Problem;
use serde::Serialize;

/// An answer that is of this moment only.
fn told(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    let fresh = HeaderValue::from_static("no-store");
    response.insert_header((CACHE_CONTROL, fresh)).json(body)
}

/// The id in a path; Postgres takes no text with a zero byte.
fn id(text: &str) -> Result<&str, Problem> {
    if text.contains('\0') {
        return Err(not_parked());
    }
    Ok(text)
}
