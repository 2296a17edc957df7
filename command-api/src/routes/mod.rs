//! Routes, as the tree of their paths.

pub(crate) mod api_keys;
pub(crate) mod bulk;
pub(crate) mod customers;
pub(crate) mod drafts;
pub(crate) mod exports;
pub(crate) mod methods;
pub(crate) mod operations;
pub(crate) mod orders;
pub(crate) mod platforms;
pub(crate) mod products;
pub(crate) mod webhooks;
pub(crate) mod zones;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::{ServiceConfig, post},
};
use serde::Serialize;

/// Mounts every command. The application's data must hold a
/// [`CommandApi`](crate::CommandApi) and the keys. They are looked at in their
/// order: what is asked for most comes first.
pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(orders::configure)
        .configure(api_keys::configure)
        .configure(customers::configure)
        .configure(drafts::configure)
        .configure(platforms::configure)
        .configure(products::configure)
        .configure(zones::configure)
        .configure(methods::configure)
        .configure(operations::configure)
        .configure(webhooks::configure)
        .configure(exports::configure)
        .route("/v1/bulk", post().to(bulk::handle));
}

/// An answer that is of this moment only, or may hold a secret, is nobody's to keep.
fn told(mut response: HttpResponseBuilder, replayed: bool, body: &impl Serialize) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.json(body)
}
