//! The OpenAPI document of both APIs, as the front serves it.

use utoipa::openapi::{
    Info, License, OpenApi, Server,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::{Tag, TagBuilder},
};

/// Groups of routes, in the order in which they are shown.
const TAGS: &[(&str, &str)] = &[
    (
        "orders",
        "Placing orders, reading them one by one and page by page, and what becomes of them as a \
         whole: confirmed, held, cancelled, archived.",
    ),
    (
        "drafts",
        "Orders that are not placed yet: nothing of them counts, everything may change.",
    ),
    (
        "edits",
        "Lines, discounts, shipping, addresses and the customer of a placed order, until its first \
         fulfilment.",
    ),
    (
        "money",
        "Payments, captures, refunds, credits and chargebacks.",
    ),
    ("goods", "Fulfilments: goods on their way out."),
    (
        "documents",
        "Invoices, credit notes and packing slips as PDF.",
    ),
    ("returns", "Returns and exchanges: goods on their way back."),
    (
        "customers",
        "Who orders: what their orders come to, orders of guests that turn out to be theirs, and \
         the erasure of their personal data.",
    ),
    (
        "reference data",
        "What orders refer to: platforms, products, shipping zones and methods.",
    ),
    (
        "events",
        "The log: everything that has happened to orders, in its order.",
    ),
    (
        "bulk",
        "Many commands in one request, streamed both ways as NDJSON.",
    ),
    (
        "live",
        "Server-sent events, resumed by `Last-Event-ID`: what happens, and which orders read \
         otherwise now.",
    ),
    (
        "exports",
        "Everything that filters choose, as of one moment, streamed as NDJSON, CSV or Parquet, or \
         written into a file in the background.",
    ),
    (
        "statistics",
        "Counts and sums over orders, by time and by group.",
    ),
    (
        "shipping",
        "What shipping a basket to a place costs, by each method that ships it.",
    ),
    (
        "webhooks",
        "Order events, told over HTTP to whoever asks for them, signed by Standard Webhooks 1.0.0.",
    ),
    ("api keys", "Who may call, what for, until when."),
    (
        "admin",
        "What operators look at and set right: projections, their rebuilds, parked orders, the \
         cache, jobs and schedules.",
    ),
];

/// The document of both APIs.
pub fn merged() -> OpenApi {
    let mut document = command_api::openapi();
    document.merge(read_api::openapi());
    document.info = info();
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.iter().map(tag).collect());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("API key or JWT")
        .description(Some(
            "`ol_…`, made by `orderlog api-key create` or `POST /v1/api_keys`; or a token of the \
             identity provider (JWT), where one is configured. What a route asks for stands beside \
             it: a key that names scopes is for no others.",
        ))
        .build();
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme("api_key", SecurityScheme::Http(bearer));
    document
}

fn info() -> Info {
    let mut info = Info::new("Orderlog", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "An event-sourced order system. Writes are commands and answer the order as they left \
         it; reads are served from projections and say how old they are."
            .into(),
    );
    let mut license = License::new(env!("CARGO_PKG_LICENSE"));
    license.identifier = Some(env!("CARGO_PKG_LICENSE").into());
    info.license = Some(license);
    info
}

fn tag((name, description): &(&str, &str)) -> Tag {
    let described = TagBuilder::new().name(*name);
    described.description(Some(*description)).build()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use utoipa::openapi::OpenApi;

    /// The schemas of a document by their names, without the examples that each
    /// API has of its own.
    fn schemas(document: OpenApi) -> Vec<(String, Value)> {
        let components = document.components.unwrap_or_default();
        let named = |(name, schema)| {
            let mut schema = serde_json::to_value(schema).expect("JSON");
            if let Some(members) = schema.as_object_mut() {
                members.remove("examples");
            }
            (name, schema)
        };
        components.schemas.into_iter().map(named).collect()
    }

    /// A merge keeps the first of two schemas of one name: the routes of the other
    /// API would be documented with a type that they do not answer.
    #[test]
    fn a_name_means_the_same_schema_in_both_apis() {
        let commands = schemas(command_api::openapi());
        for (name, read) in schemas(read_api::openapi()) {
            if let Some((_, command)) = commands.iter().find(|(other, _)| *other == name) {
                assert_eq!(command, &read, "{name}");
            }
        }
    }
}
