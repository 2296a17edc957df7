//! The OpenAPI document of the commands, from the code.

use crate::routes;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orderlog commands",
        description = "Commands change orders. Each answers the order as it left it, with its version in the ETag and a `position` to wait for on reads."
    ),
    paths(
        routes::place::handle,
        routes::import::handle,
        routes::cancel::handle,
        routes::notes::handle,
    )
)]
struct Document;

/// The document of the command API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
