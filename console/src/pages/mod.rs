//! The pages. Each is a module with a [`Page`] and its routes, and is named twice here.

pub mod figures;
pub mod home;
pub mod integrations;
pub mod orders;
pub mod pipeline;

use crate::{Failure, Page, csrf::LONGEST_FORM};
use actix_web::web::{self, FormConfig, ServiceConfig};

/// What the navigation shows, in its order, of what the viewer's key is for.
pub const NAVIGATION: &[Page] = &[
    orders::PAGE,
    figures::PAGE,
    pipeline::PAGE,
    integrations::webhooks::PAGE,
    integrations::operations::PAGE,
    integrations::exports::PAGE,
    integrations::keys::PAGE,
];

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(FormConfig::default().limit(LONGEST_FORM))
        .route("", web::get().to(home::handle))
        .route("/", web::get().to(home::handle))
        .configure(orders::routes)
        .configure(figures::routes)
        .configure(pipeline::routes)
        .configure(integrations::routes);
}

/// Whatever else is asked for below `/console`.
pub async fn unknown() -> Result<actix_web::HttpResponse, Failure> {
    Err(Failure::Unknown)
}
