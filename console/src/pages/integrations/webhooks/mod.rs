//! `/console/webhooks`: who is told of events, and what they were told.
//!
//! | file | page |
//! |---|---|
//! | `list.rs` | all endpoints |
//! | `create.rs` | a new one, and its secret |
//! | `endpoint.rs` | one of them, and its deliveries |
//! | `delivery.rs` | one delivery: request, answers, attempts |
//! | `actions.rs` | what is done to an endpoint or a delivery |

mod actions;
mod create;
mod deliveries;
pub mod delivery;
mod draft;
mod endpoint;
mod list;
mod told;

use crate::Page;
use actix_web::web::{ServiceConfig, get, post};

/// In the navigation.
pub const PAGE: Page = Page {
    path: "/console/webhooks",
    title: "Webhooks",
    needs: "/v1/webhooks/endpoints",
};

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    let one = |action: &str| format!("/webhooks/{{id}}/{action}");
    config
        .route("/webhooks", get().to(list::handle))
        .route("/webhooks", post().to(create::handle))
        .route("/webhooks/{id}", get().to(endpoint::handle))
        .route(&one("change"), post().to(actions::change))
        .route(&one("state"), post().to(actions::set_state))
        .route(&one("rotate"), post().to(create::rotate))
        .route(&one("delete"), post().to(actions::delete))
        .route(&one("ping"), post().to(actions::ping))
        .route(&one("replay"), post().to(actions::replay))
        .route(&one("deliveries/{delivery}"), get().to(delivery::handle))
        .route(
            &one("deliveries/{delivery}/now"),
            get().to(delivery::fragment),
        )
        .route(&one("deliveries/{delivery}/body"), get().to(delivery::body))
        .route(
            &one("deliveries/{delivery}/retry"),
            post().to(actions::retry),
        );
}

/// The page of an endpoint.
fn path_of(endpoint: uuid::Uuid) -> String {
    format!("{}/{endpoint}", PAGE.path)
}
