//! The OpenAPI document of the commands, from the code.

use crate::{
    answer::CommandAnswer,
    documented::{PlatformAnswer, ProductAnswer, ShippingMethodAnswer, ShippingZoneAnswer},
    routes::{
        api_keys::{self, create::KeyWithSecret},
        bulk, customers, drafts, exports, methods, operations, orders, platforms, products,
        webhooks::{
            deliveries,
            endpoints::{self, EndpointWithSecret, replay::Replayed},
        },
        zones,
    },
};
use infra::{
    api_keys::ApiKey,
    exports::Export,
    http::{ProblemDocument, access},
    operations::Operation,
    webhooks::{Delivery, Endpoint},
};
use std::collections::BTreeMap;
use utoipa::{
    OpenApi,
    openapi::{
        Content, OpenApi as OpenApiDocument, RefOr, Required, Schema, request_body::RequestBody,
    },
};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Examples of answers, by the names of their schemas; the first is what the
/// example of `POST /v1/orders` was answered with.
const EXAMPLES: &[(&str, &str)] = &[
    ("ApiKey", include_str!("documented/api_key.json")),
    (
        "KeyWithSecret",
        include_str!("documented/key_with_secret.json"),
    ),
    ("CommandAnswer", include_str!("documented/answer.json")),
    ("Delivery", include_str!("documented/delivery.json")),
    ("Endpoint", include_str!("documented/endpoint.json")),
    ("Export", include_str!("documented/export.json")),
    (
        "EndpointWithSecret",
        include_str!("documented/endpoint_with_secret.json"),
    ),
    ("Operation", include_str!("documented/operation.json")),
    ("PlatformAnswer", include_str!("documented/platform.json")),
    ("ProductAnswer", include_str!("documented/product.json")),
    (
        "ShippingMethodAnswer",
        include_str!("documented/shipping_method.json"),
    ),
    (
        "ShippingZoneAnswer",
        include_str!("documented/shipping_zone.json"),
    ),
    ("Replayed", r#"{"replayed": 2, "continue_from": null}"#),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orderlog commands",
        description = "Commands change orders and what they refer to. Each answers what it is about as it left it, with its version in the ETag and a `position` to wait for on reads."
    ),
    components(schemas(
        ApiKey,
        CommandAnswer,
        Delivery,
        Endpoint,
        EndpointWithSecret,
        Export,
        KeyWithSecret,
        Operation,
        PlatformAnswer,
        ProblemDocument,
        ProductAnswer,
        Replayed,
        ShippingMethodAnswer,
        ShippingZoneAnswer
    )),
    paths(
        api_keys::create::handle,
        api_keys::revoke::handle,
        drafts::create::handle,
        drafts::update::handle,
        drafts::complete::handle,
        orders::place::handle,
        orders::import::handle,
        orders::confirm::handle,
        orders::hold::handle,
        orders::release::handle,
        orders::cancel::handle,
        orders::archive::handle,
        orders::unarchive::handle,
        orders::lines::add::handle,
        orders::lines::change::handle,
        orders::lines::remove::handle,
        orders::shipping::handle,
        orders::shipping_address::handle,
        orders::billing_address::handle,
        orders::customer::handle,
        orders::customer_link::handle,
        orders::erasures::handle,
        orders::discounts::apply::handle,
        orders::discounts::remove::handle,
        orders::payments::authorize::handle,
        orders::payments::capture::handle,
        orders::payments::void::handle,
        orders::payments::fail::handle,
        orders::captures::succeed::handle,
        orders::captures::fail::handle,
        orders::refunds::refund::handle,
        orders::refunds::succeed::handle,
        orders::refunds::fail::handle,
        orders::chargebacks::handle,
        orders::credits::handle,
        orders::fulfillments::create::handle,
        orders::fulfillments::ship::handle,
        orders::fulfillments::deliver::handle,
        orders::fulfillments::cancel::handle,
        orders::fulfillments::tracking::handle,
        orders::returns::request::handle,
        orders::returns::approve::handle,
        orders::returns::decline::handle,
        orders::returns::receive::handle,
        orders::returns::close::handle,
        orders::returns::cancel::handle,
        orders::returns::exchange::handle,
        orders::returns::exchange_link::handle,
        orders::notes::handle,
        orders::invoice::handle,
        orders::tags::tag::handle,
        orders::tags::untag::handle,
        platforms::save::handle,
        platforms::change::handle,
        platforms::archive::handle,
        platforms::restore::handle,
        products::save::handle,
        products::change::handle,
        products::price::handle,
        products::archive::handle,
        products::restore::handle,
        zones::save::handle,
        zones::change::handle,
        zones::archive::handle,
        zones::restore::handle,
        methods::save::handle,
        methods::change::handle,
        methods::archive::handle,
        methods::restore::handle,
        endpoints::create::handle,
        endpoints::change::handle,
        endpoints::delete::handle,
        endpoints::rotate::handle,
        endpoints::ping::handle,
        endpoints::replay::handle,
        deliveries::retry::handle,
        exports::create::handle,
        exports::cancel::handle,
        exports::delete::handle,
        customers::guest_orders::handle,
        customers::erase::handle,
        bulk::handle,
        operations::create::handle,
        operations::import::handle,
        operations::cancel::handle,
    )
)]
struct Document;

/// The document of the command API.
pub fn openapi() -> OpenApiDocument {
    let mut document = Document::openapi();
    let mut components = document.components.take().unwrap_or_default();
    for (name, example) in EXAMPLES {
        let examples = serde_json::from_str(example).into_iter().collect();
        match components.schemas.get_mut(*name) {
            Some(RefOr::T(Schema::AllOf(answer))) => answer.examples = examples,
            Some(RefOr::T(Schema::Object(answer))) => answer.examples = examples,
            _ => {}
        }
    }
    for item in document.paths.paths.values_mut() {
        let methods = [
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in methods.into_iter().flatten() {
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                let needed = needs_members(body, &components.schemas);
                body.required = Some(if needed {
                    Required::True
                } else {
                    Required::False
                });
            }
        }
    }
    document.components = Some(components);
    access::describe(&mut document);
    document
}

/// Whether a body has a member that cannot be absent: if not, the body itself
/// can be.
fn needs_members(body: &RequestBody, schemas: &Schemas) -> bool {
    body.content.values().any(|content| {
        let RefOr::T(Content {
            schema: Some(RefOr::Ref(body)),
            ..
        }) = content
        else {
            return true;
        };
        let name = body.ref_location.rsplit('/').next().unwrap_or_default();
        match schemas.get(name) {
            Some(RefOr::T(Schema::Object(body))) => !body.required.is_empty(),
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::Operation;

    fn operations() -> Vec<(String, Operation)> {
        let paths = openapi().paths.paths.into_iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = [item.put, item.post, item.patch, item.delete];
            let there = methods.into_iter().flatten();
            there
                .map(move |operation| (path.clone(), operation))
                .collect::<Vec<_>>()
        });
        operations.collect()
    }

    #[test]
    fn every_code_of_an_endpoint_is_a_kind_of_problem() {
        let operations = operations();
        assert!(operations.len() > 45, "{}", operations.len());
        for (path, operation) in operations {
            let statuses: Vec<_> = operation.responses.responses.keys().collect();
            assert!(
                !statuses.iter().any(|s| *s == "default"),
                "{path}: {statuses:?}"
            );
            assert!(statuses.len() > 5, "{path}: {statuses:?}");
        }
    }

    #[test]
    fn every_body_has_an_example() {
        let schemas = openapi().components.expect("schemas").schemas;
        for (path, operation) in operations() {
            let Some(RefOr::T(body)) = operation.request_body else {
                continue;
            };
            if let Some(RefOr::T(lines)) = body.content.get("application/x-ndjson") {
                assert!(lines.example.is_some(), "{path}");
                continue;
            }
            // A file of anybody's: what it may hold, the route's parameters say.
            if body.content.contains_key("application/octet-stream") {
                continue;
            }
            let Some(RefOr::T(content)) = body.content.get("application/json") else {
                panic!("{path}: no JSON");
            };
            let Some(RefOr::Ref(schema)) = &content.schema else {
                panic!("{path}: a body without a name");
            };
            let name = schema.ref_location.rsplit('/').next().expect("a name");
            let Some(RefOr::T(Schema::Object(schema))) = schemas.get(name) else {
                panic!("{path}: {name} is no object");
            };
            assert!(
                schema.example.is_some() || !schema.examples.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_answer_has_an_example() {
        let schemas = openapi().components.expect("schemas").schemas;
        for (name, _) in EXAMPLES {
            let examples = match schemas.get(*name) {
                Some(RefOr::T(Schema::AllOf(answer))) => answer.examples.len(),
                Some(RefOr::T(Schema::Object(answer))) => answer.examples.len(),
                _ => panic!("{name} is of another kind"),
            };
            assert_eq!(examples, 1, "{name}");
        }
    }

    #[test]
    fn a_body_that_needs_nothing_said_may_be_left_out() {
        let required = |wanted: &str| {
            let mut operations = operations().into_iter();
            let found = operations.find(|(path, o)| path == wanted && o.request_body.is_some());
            match found.and_then(|(_, operation)| operation.request_body) {
                Some(RefOr::T(body)) => body.required == Some(Required::True),
                _ => panic!("{wanted} has no body"),
            }
        };
        assert!(!required("/v1/orders/{id}/confirm"));
        assert!(!required("/v1/orders/{id}/payments/{payment}/capture"));
        assert!(required("/v1/orders/{id}/cancel"));
        assert!(required("/v1/orders"));
    }
}
