//! Commands on orders.

pub mod archive;
pub mod billing_address;
pub mod cancel;
pub mod captures;
pub mod chargebacks;
pub mod confirm;
pub mod create;
pub mod credits;
pub mod customer;
pub mod discounts;
pub mod fulfillments;
pub mod hold;
pub mod import;
pub mod invoice;
pub mod lines;
pub mod notes;
pub mod payments;
pub mod place;
pub mod refunds;
pub mod release;
pub mod returns;
pub mod shipping;
pub mod shipping_address;
pub mod tags;
pub mod unarchive;

use actix_web::web::{ServiceConfig, post, put};

/// Mounts them.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/v1/orders", post().to(place::handle))
        .route("/v1/orders/import", post().to(import::handle))
        .route("/v1/orders/{id}/confirm", post().to(confirm::handle))
        .route("/v1/orders/{id}/hold", post().to(hold::handle))
        .route("/v1/orders/{id}/release", post().to(release::handle))
        .route("/v1/orders/{id}/cancel", post().to(cancel::handle))
        .route("/v1/orders/{id}/archive", post().to(archive::handle))
        .route("/v1/orders/{id}/unarchive", post().to(unarchive::handle))
        .route("/v1/orders/{id}/shipping", put().to(shipping::handle))
        .route(
            "/v1/orders/{id}/shipping_address",
            put().to(shipping_address::handle),
        )
        .route(
            "/v1/orders/{id}/billing_address",
            put().to(billing_address::handle),
        )
        .route("/v1/orders/{id}/customer", put().to(customer::handle))
        .route(
            "/v1/orders/{id}/chargebacks",
            post().to(chargebacks::handle),
        )
        .route("/v1/orders/{id}/credits", post().to(credits::handle))
        .route("/v1/orders/{id}/notes", post().to(notes::handle))
        .route("/v1/orders/{id}/invoice", post().to(invoice::handle))
        .configure(lines::configure)
        .configure(discounts::configure)
        .configure(payments::configure)
        .configure(captures::configure)
        .configure(refunds::configure)
        .configure(fulfillments::configure)
        .configure(returns::configure)
        .configure(tags::configure);
}
