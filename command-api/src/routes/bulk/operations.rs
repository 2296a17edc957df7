//! The commands that a line can name: those of the routes, carried out by the
//! routes' own functions.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    routes::{drafts, methods, orders, platforms, products, zones},
};
use actix_web::web::Bytes;
use domain::ids;
use infra::http::{Problem, body::parse};
use serde::de::DeserializeOwned;
use std::pin::Pin;
use uuid::Uuid;

/// A command under way.
pub type Carrying = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// One command.
pub struct Operation {
    /// What lines call it: the `operationId` of its route.
    pub name: &'static str,
    /// Method of its route.
    pub method: &'static str,
    /// Path of its route.
    pub path: &'static str,
    /// Carries it out, with this body.
    pub carry_out: fn(Call, Bytes) -> Carrying,
    /// Whether this is a body of it.
    pub check: fn(&[u8]) -> Result<(), Problem>,
}

/// Reference data of one kind, by the beginning of its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Platforms.
    Platforms,
    /// Products.
    Products,
    /// Shipping zones.
    Zones,
    /// Shipping methods.
    Methods,
}

impl Collection {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Platforms, "/v1/platforms/"),
        (Self::Products, "/v1/products/"),
        (Self::Zones, "/v1/shipping/zones/"),
        (Self::Methods, "/v1/shipping/methods/"),
    ];

    /// The id in the log of what it calls `key`.
    pub fn id(self, key: &str) -> Uuid {
        match self {
            Self::Platforms => ids::platform_id(key),
            Self::Products => ids::product_id(key),
            Self::Zones => ids::shipping_zone_id(key),
            Self::Methods => ids::shipping_method_id(key),
        }
    }
}

impl Operation {
    /// What kind of reference data it is about; none: orders.
    pub fn collection(&self) -> Option<Collection> {
        let mut all = Collection::ALL.into_iter();
        let found = all.find(|(_, path)| self.path.starts_with(path));
        found.map(|(collection, _)| collection)
    }

    /// The command of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }

    /// Names of the parts of its path.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        let segments = self.path.split('/');
        segments.filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Whether a route's function would take a body.
fn taken_by<B: DeserializeOwned, F>(_route: fn(Asked<B>) -> F, body: &[u8]) -> Result<(), Problem> {
    parse::<B>(body).map(|_| ())
}

macro_rules! operations {
    ($($name:ident: $method:ident $path:literal => $first:ident $(:: $further:ident)*),+ $(,)?) => {
        /// All of them.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            method: stringify!($method),
            path: $path,
            carry_out: |call, body| {
                Box::pin(async move {
                    $first $(:: $further)* ::handle(Asked::parse(call, &body)?).await
                })
            },
            check: |body| taken_by($first $(:: $further)* ::handle, body),
        }),+];
    };
}
operations! {
    create_draft: POST "/v1/drafts" => drafts::create,
    update_draft: PATCH "/v1/drafts/{id}" => drafts::update,
    complete_draft: POST "/v1/drafts/{id}/complete" => drafts::complete,
    place_order: POST "/v1/orders" => orders::place,
    import_order: POST "/v1/orders/import" => orders::import,
    confirm_order: POST "/v1/orders/{id}/confirm" => orders::confirm,
    hold_order: POST "/v1/orders/{id}/hold" => orders::hold,
    release_order: POST "/v1/orders/{id}/release" => orders::release,
    cancel_order: POST "/v1/orders/{id}/cancel" => orders::cancel,
    archive_order: POST "/v1/orders/{id}/archive" => orders::archive,
    unarchive_order: POST "/v1/orders/{id}/unarchive" => orders::unarchive,
    add_line: POST "/v1/orders/{id}/lines" => orders::lines::add,
    change_line: PATCH "/v1/orders/{id}/lines/{line}" => orders::lines::change,
    remove_line: DELETE "/v1/orders/{id}/lines/{line}" => orders::lines::remove,
    change_shipping: PUT "/v1/orders/{id}/shipping" => orders::shipping,
    change_shipping_address: PUT "/v1/orders/{id}/shipping_address" => orders::shipping_address,
    change_billing_address: PUT "/v1/orders/{id}/billing_address" => orders::billing_address,
    assign_customer: PUT "/v1/orders/{id}/customer" => orders::customer,
    link_customer: POST "/v1/orders/{id}/customer_link" => orders::customer_link,
    record_erasure: POST "/v1/orders/{id}/erasures" => orders::erasures,
    apply_discount: POST "/v1/orders/{id}/discounts" => orders::discounts::apply,
    remove_discount: DELETE "/v1/orders/{id}/discounts/{discount}" => orders::discounts::remove,
    authorize_payment: POST "/v1/orders/{id}/payments" => orders::payments::authorize,
    capture_payment: POST "/v1/orders/{id}/payments/{payment}/capture" => orders::payments::capture,
    void_payment: POST "/v1/orders/{id}/payments/{payment}/void" => orders::payments::void,
    fail_payment: POST "/v1/orders/{id}/payments/{payment}/fail" => orders::payments::fail,
    succeed_capture: POST "/v1/orders/{id}/captures/{capture}/succeed" => orders::captures::succeed,
    fail_capture: POST "/v1/orders/{id}/captures/{capture}/fail" => orders::captures::fail,
    refund_payment: POST "/v1/orders/{id}/refunds" => orders::refunds::refund,
    succeed_refund: POST "/v1/orders/{id}/refunds/{refund}/succeed" => orders::refunds::succeed,
    fail_refund: POST "/v1/orders/{id}/refunds/{refund}/fail" => orders::refunds::fail,
    record_chargeback: POST "/v1/orders/{id}/chargebacks" => orders::chargebacks,
    grant_credit: POST "/v1/orders/{id}/credits" => orders::credits,
    create_fulfillment: POST "/v1/orders/{id}/fulfillments" => orders::fulfillments::create,
    ship_fulfillment: POST "/v1/orders/{id}/fulfillments/{fulfillment}/ship" => orders::fulfillments::ship,
    deliver_fulfillment: POST "/v1/orders/{id}/fulfillments/{fulfillment}/deliver" => orders::fulfillments::deliver,
    cancel_fulfillment: POST "/v1/orders/{id}/fulfillments/{fulfillment}/cancel" => orders::fulfillments::cancel,
    update_tracking: PATCH "/v1/orders/{id}/fulfillments/{fulfillment}/tracking" => orders::fulfillments::tracking,
    request_return: POST "/v1/orders/{id}/returns" => orders::returns::request,
    approve_return: POST "/v1/orders/{id}/returns/{return}/approve" => orders::returns::approve,
    decline_return: POST "/v1/orders/{id}/returns/{return}/decline" => orders::returns::decline,
    receive_return: POST "/v1/orders/{id}/returns/{return}/receive" => orders::returns::receive,
    close_return: POST "/v1/orders/{id}/returns/{return}/close" => orders::returns::close,
    cancel_return: POST "/v1/orders/{id}/returns/{return}/cancel" => orders::returns::cancel,
    exchange_return: POST "/v1/orders/{id}/returns/{return}/exchange" => orders::returns::exchange,
    link_exchange: POST "/v1/orders/{id}/returns/{return}/exchange_link" => orders::returns::exchange_link,
    add_note: POST "/v1/orders/{id}/notes" => orders::notes,
    issue_invoice: POST "/v1/orders/{id}/invoice" => orders::invoice,
    tag_order: PUT "/v1/orders/{id}/tags/{tag}" => orders::tags::tag,
    untag_order: DELETE "/v1/orders/{id}/tags/{tag}" => orders::tags::untag,
    save_platform: PUT "/v1/platforms/{slug}" => platforms::save,
    change_platform: PATCH "/v1/platforms/{slug}" => platforms::change,
    archive_platform: DELETE "/v1/platforms/{slug}" => platforms::archive,
    restore_platform: POST "/v1/platforms/{slug}/restore" => platforms::restore,
    save_product: PUT "/v1/products/{sku}" => products::save,
    change_product: PATCH "/v1/products/{sku}" => products::change,
    set_product_price: PUT "/v1/products/{sku}/price" => products::price,
    archive_product: DELETE "/v1/products/{sku}" => products::archive,
    restore_product: POST "/v1/products/{sku}/restore" => products::restore,
    save_shipping_zone: PUT "/v1/shipping/zones/{id}" => zones::save,
    change_shipping_zone: PATCH "/v1/shipping/zones/{id}" => zones::change,
    archive_shipping_zone: DELETE "/v1/shipping/zones/{id}" => zones::archive,
    restore_shipping_zone: POST "/v1/shipping/zones/{id}/restore" => zones::restore,
    save_shipping_method: PUT "/v1/shipping/methods/{id}" => methods::save,
    change_shipping_method: PATCH "/v1/shipping/methods/{id}" => methods::change,
    archive_shipping_method: DELETE "/v1/shipping/methods/{id}" => methods::archive,
    restore_shipping_method: POST "/v1/shipping/methods/{id}/restore" => methods::restore,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lines_can_name_every_command_on_orders_and_what_they_refer_to() {
        let named = OPERATIONS
            .iter()
            .map(|o| format!("{} {} {}", o.name, o.method, o.path));
        let paths = crate::openapi().paths.paths.into_iter();
        // Who may call or is told of orders is no command on them, nor what holds commands,
        // nor what is read of them.
        let others = [
            "/v1/api_keys",
            "/v1/webhooks",
            "/v1/operations",
            "/v1/exports",
            "/v1/customers",
        ];
        let paths = paths.filter(|(path, _)| !others.iter().any(|other| path.starts_with(other)));
        let routes = paths.flat_map(|(path, item)| {
            let methods = [
                ("PUT", item.put),
                ("POST", item.post),
                ("PATCH", item.patch),
                ("DELETE", item.delete),
            ];
            methods.into_iter().filter_map(move |(method, operation)| {
                let name = operation?.operation_id?;
                (name != "bulk").then(|| format!("{name} {method} {path}"))
            })
        });
        let (named, routes): (BTreeSet<_>, BTreeSet<_>) = (named.collect(), routes.collect());
        assert_eq!(named, routes);
    }
}
