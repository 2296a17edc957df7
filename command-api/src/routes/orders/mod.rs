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
pub mod customer_link;
pub mod discounts;
pub mod erasures;
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

use actix_web::{
    guard,
    web::{ServiceConfig, post, put, scope},
};

/// Mounts them. What begins with the path of an order is a scope, so that the
/// path is matched once and not by each of some fifty routes; queries below it
/// are mounted by others.
pub fn configure(config: &mut ServiceConfig) {
    let order = scope("/v1/orders/{id}")
        .guard(guard::Not(guard::Get()))
        .route("/confirm", post().to(confirm::handle))
        .route("/hold", post().to(hold::handle))
        .route("/release", post().to(release::handle))
        .route("/cancel", post().to(cancel::handle))
        .route("/archive", post().to(archive::handle))
        .route("/unarchive", post().to(unarchive::handle))
        .route("/shipping", put().to(shipping::handle))
        .route("/shipping_address", put().to(shipping_address::handle))
        .route("/billing_address", put().to(billing_address::handle))
        .route("/customer", put().to(customer::handle))
        .route("/customer_link", post().to(customer_link::handle))
        .route("/erasures", post().to(erasures::handle))
        .route("/chargebacks", post().to(chargebacks::handle))
        .route("/credits", post().to(credits::handle))
        .route("/notes", post().to(notes::handle))
        .route("/invoice", post().to(invoice::handle))
        .configure(lines::configure)
        .configure(discounts::configure)
        .configure(payments::configure)
        .configure(captures::configure)
        .configure(refunds::configure)
        .configure(fulfillments::configure)
        .configure(returns::configure)
        .configure(tags::configure);
    config
        .route("/v1/orders", post().to(place::handle))
        .route("/v1/orders/import", post().to(import::handle))
        .service(order);
}
