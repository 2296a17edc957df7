//! One file per endpoint, in the shape of the URLs.

pub mod admin;
pub mod api_keys;
pub mod customers;
pub mod events;
pub mod exports;
pub mod operations;
pub mod orders;
pub mod platforms;
pub mod products;
pub mod shipping;
pub mod statistics;
pub mod webhooks;
pub mod whoami;

use crate::own::about_order;
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::{self, ServiceConfig},
};
use serde::Serialize;

/// An answer that is of this moment only.
fn told(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    let fresh = HeaderValue::from_static("no-store");
    response.insert_header((CACHE_CONTROL, fresh)).json(body)
}

/// Mounts single routes rather than resources, so that commands can be mounted
/// on the same paths. They are looked at in their order: what is asked for most
/// comes first.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders", web::get().to(orders::list::handle))
        .route("/v1/orders/changes", web::get().to(orders::changes::handle))
        .route("/v1/orders/{id}", about_order(orders::get::handle))
        .route("/v1/orders/lookup", web::post().to(orders::lookup::handle))
        .route(
            "/v1/orders/by_external_id/{platform}/{external_id}",
            web::get().to(orders::by_external_id::handle),
        )
        .route("/v1/orders/{id}/diff", about_order(orders::diff::handle))
        .configure(orders::documents::configure)
        .route(
            "/v1/orders/{id}/events",
            about_order(orders::events::handle),
        )
        .route(
            "/v1/orders/{id}/stream",
            about_order(orders::stream::handle),
        )
        .route("/v1/events", web::get().to(events::list::handle))
        .route("/v1/events/stream", web::get().to(events::stream::handle))
        .route("/v1/orders.ndjson", web::get().to(exports::orders::ndjson))
        .route("/v1/orders.csv", web::get().to(exports::orders::csv))
        .route(
            "/v1/orders.parquet",
            web::get().to(exports::orders::parquet),
        )
        .route("/v1/lines.ndjson", web::get().to(exports::lines::ndjson))
        .route("/v1/lines.csv", web::get().to(exports::lines::csv))
        .route("/v1/lines.parquet", web::get().to(exports::lines::parquet))
        .route("/v1/events.ndjson", web::get().to(exports::events::ndjson))
        .route("/v1/events.csv", web::get().to(exports::events::csv))
        .route(
            "/v1/events.parquet",
            web::get().to(exports::events::parquet),
        )
        .route("/v1/exports", web::get().to(exports::list::handle))
        .route("/v1/exports/{id}", web::get().to(exports::show::handle))
        .route(
            "/v1/exports/{id}/file",
            web::get().to(exports::file::handle),
        )
        .route(
            "/v1/statistics/orders",
            web::get().to(statistics::orders::handle),
        )
        .route(
            "/v1/statistics/products",
            web::get().to(statistics::products::handle),
        )
        .route(
            "/v1/statistics/customers",
            web::get().to(statistics::customers::handle),
        )
        .route(
            "/v1/statistics/customers/cohorts",
            web::get().to(statistics::cohorts::handle),
        )
        .route(
            "/v1/statistics/funnel",
            web::get().to(statistics::funnel::handle),
        )
        .route(
            "/v1/shipping/quotes",
            web::post().to(shipping::quotes::handle),
        )
        .configure(api_keys::configure)
        .route("/v1/whoami", web::get().to(whoami::handle))
        .configure(customers::configure)
        .configure(operations::configure)
        .configure(of_reference_data)
        .configure(of_admin);
}

fn of_reference_data(config: &mut ServiceConfig) {
    config
        .route("/v1/platforms", web::get().to(platforms::list::handle))
        .route(
            "/v1/platforms/{slug}",
            web::get().to(platforms::get::handle),
        )
        .route("/v1/products", web::get().to(products::list::handle))
        .route("/v1/products/{sku}", web::get().to(products::get::handle))
        .route(
            "/v1/shipping/zones",
            web::get().to(shipping::zones::list::handle),
        )
        .route(
            "/v1/shipping/zones/{id}",
            web::get().to(shipping::zones::get::handle),
        )
        .route(
            "/v1/shipping/methods",
            web::get().to(shipping::methods::list::handle),
        )
        .route(
            "/v1/shipping/methods/{id}",
            web::get().to(shipping::methods::get::handle),
        );
}

fn of_admin(config: &mut ServiceConfig) {
    config
        .route(
            "/v1/admin/parked",
            web::get().to(admin::parked::list::handle),
        )
        .route(
            "/v1/admin/parked/redrive",
            web::post().to(admin::parked::redrive::all),
        )
        .route(
            "/v1/admin/parked/{id}",
            web::get().to(admin::parked::show::handle),
        )
        .route(
            "/v1/admin/parked/{id}/redrive",
            web::post().to(admin::parked::redrive::one),
        )
        .route(
            "/v1/webhooks/endpoints",
            web::get().to(webhooks::endpoints::handle),
        )
        .route(
            "/v1/webhooks/endpoints/{id}",
            web::get().to(webhooks::endpoint::handle),
        )
        .route(
            "/v1/webhooks/deliveries",
            web::get().to(webhooks::deliveries::handle),
        )
        .route(
            "/v1/webhooks/deliveries/{id}",
            web::get().to(webhooks::delivery::handle),
        )
        .route("/v1/admin/jobs", web::get().to(admin::jobs::list::handle))
        .route(
            "/v1/admin/jobs/{id}",
            web::get().to(admin::jobs::show::handle),
        )
        .route(
            "/v1/admin/jobs/{id}/cancel",
            web::post().to(admin::jobs::cancel::handle),
        )
        .route(
            "/v1/admin/jobs/{id}/retry",
            web::post().to(admin::jobs::retry::handle),
        )
        .route(
            "/v1/admin/schedules",
            web::get().to(admin::schedules::list::handle),
        )
        .route(
            "/v1/admin/schedules/{name}/pause",
            web::post().to(admin::schedules::pause::pause),
        )
        .route(
            "/v1/admin/schedules/{name}/resume",
            web::post().to(admin::schedules::pause::resume),
        )
        .route(
            "/v1/admin/schedules/{name}/run",
            web::post().to(admin::schedules::run::handle),
        )
        .route(
            "/v1/admin/parked/{id}/discard",
            web::post().to(admin::parked::discard::handle),
        )
        .route("/v1/admin/cache", web::get().to(admin::cache::handle))
        .route(
            "/v1/admin/cache/purge",
            web::post().to(admin::cache::purge::handle),
        )
        .route("/v1/admin/pipeline", web::get().to(admin::pipeline::handle))
        .route(
            "/v1/admin/projections",
            web::get().to(admin::projections::handle),
        )
        .route(
            "/v1/admin/projections/{name}/rebuild",
            web::get().to(admin::rebuild::list::handle),
        )
        .route(
            "/v1/admin/projections/{name}/rebuild",
            web::post().to(admin::rebuild::request::handle),
        )
        .route(
            "/v1/admin/projections/{name}/rebuild/cancel",
            web::post().to(admin::rebuild::cancel::handle),
        );
}
