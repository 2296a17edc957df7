//! `/console/orders`: all orders, and one.

mod axes;
mod list;
mod one;

use crate::Page;
use actix_web::web::{self, ServiceConfig};

/// In the navigation.
pub const PAGE: Page = Page {
    path: "/console/orders",
    title: "Orders",
    needs: "/v1/orders",
};

/// Mounts them. Longer names come before ids.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/orders", web::get().to(list::show))
        .route("/orders/rows", web::get().to(list::rows))
        .route("/orders/facets", web::get().to(list::facets))
        .route("/orders/changes", web::get().to(list::changes))
        .configure(one::routes);
}
