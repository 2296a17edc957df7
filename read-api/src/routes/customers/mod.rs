//! `/v1/customers`: who has placed orders under an id of a sales channel. Nobody
//! saves customers: what is told of them is what their orders say.

pub mod get;
pub mod list;
mod named;
pub mod orders;
mod told;

pub use told::{ListedCustomer, OneCustomer};

use actix_web::web::{self, ServiceConfig};

/// Mounts the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/customers", web::get().to(list::handle))
        .route("/v1/customers/{id}", web::get().to(get::handle))
        .route("/v1/customers/{id}/orders", web::get().to(orders::handle));
}
