//! `/v1/admin`: what operators look at, and what they set going.

pub mod cache;
pub mod jobs;
pub mod parked;
pub mod projections;
pub mod rebuild;
pub mod schedules;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, HeaderValue},
};
use serde::Serialize;

/// An answer that is of this moment only.
fn told(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    let fresh = HeaderValue::from_static("no-store");
    response.insert_header((CACHE_CONTROL, fresh)).json(body)
}
