//! The OpenAPI document of the queries, from the code.

use crate::{examples, live::ServerSentEvent, reference, routes};
use contracts::order::Order;
use infra::http::{ProblemDocument, access};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orderlog queries",
        description = "Queries are served from projections. Every answer says how far those are behind the log, and can wait until they are not."
    ),
    paths(
        routes::api_keys::list,
        routes::api_keys::get,
        routes::whoami::handle,
        routes::orders::list::handle,
        routes::orders::get::handle,
        routes::orders::diff::handle,
        routes::orders::documents::invoice::handle,
        routes::orders::documents::credit_note::handle,
        routes::orders::documents::packing_slip::handle,
        routes::orders::lookup::handle,
        routes::orders::events::handle,
        routes::orders::by_external_id::handle,
        routes::orders::stream::handle,
        routes::orders::changes::handle,
        routes::events::list::handle,
        routes::events::stream::handle,
        routes::exports::orders::ndjson,
        routes::exports::orders::csv,
        routes::exports::orders::parquet,
        routes::exports::lines::ndjson,
        routes::exports::lines::csv,
        routes::exports::lines::parquet,
        routes::exports::events::ndjson,
        routes::exports::events::csv,
        routes::exports::events::parquet,
        routes::exports::list::handle,
        routes::exports::show::handle,
        routes::exports::file::handle,
        routes::statistics::orders::handle,
        routes::statistics::products::handle,
        routes::statistics::customers::handle,
        routes::statistics::cohorts::handle,
        routes::statistics::funnel::handle,
        routes::customers::list::handle,
        routes::customers::get::handle,
        routes::customers::orders::handle,
        routes::platforms::list::handle,
        routes::platforms::get::handle,
        routes::products::list::handle,
        routes::products::get::handle,
        routes::shipping::zones::list::handle,
        routes::shipping::zones::get::handle,
        routes::shipping::methods::list::handle,
        routes::shipping::methods::get::handle,
        routes::shipping::quotes::handle,
        routes::admin::parked::list::handle,
        routes::admin::parked::show::handle,
        routes::admin::parked::redrive::one,
        routes::admin::parked::redrive::all,
        routes::admin::parked::discard::handle,
        routes::admin::cache::handle,
        routes::admin::cache::purge::handle,
        routes::admin::pipeline::handle,
        routes::admin::projections::handle,
        routes::admin::rebuild::list::handle,
        routes::admin::rebuild::request::handle,
        routes::admin::rebuild::cancel::handle,
        routes::operations::list::handle,
        routes::operations::show::handle,
        routes::operations::results::handle,
        routes::webhooks::endpoints::handle,
        routes::webhooks::endpoint::handle,
        routes::webhooks::deliveries::handle,
        routes::webhooks::delivery::handle,
        routes::admin::jobs::list::handle,
        routes::admin::jobs::show::handle,
        routes::admin::jobs::cancel::handle,
        routes::admin::jobs::retry::handle,
        routes::admin::schedules::list::handle,
        routes::admin::schedules::pause::pause,
        routes::admin::schedules::pause::resume,
        routes::admin::schedules::run::handle,
    ),
    components(schemas(
        Order,
        ProblemDocument,
        ServerSentEvent,
        routes::orders::get::OneOrder,
        routes::orders::list::ListedOrder,
        routes::orders::list::OrderList,
        routes::orders::events::EventList,
        routes::events::list::LogPage,
        routes::orders::diff::OrderDiff,
        routes::orders::lookup::Lookup,
        routes::orders::lookup::Looked,
        routes::statistics::orders::Statistics,
        routes::statistics::products::ProductStatistics,
        routes::statistics::customers::CustomerStatistics,
        routes::statistics::cohorts::CohortStatistics,
        routes::statistics::funnel::FunnelStatistics,
        routes::customers::ListedCustomer,
        routes::customers::OneCustomer,
        routes::customers::list::CustomerList,
        reference::OnePlatform,
        reference::PlatformList,
        reference::OneProduct,
        reference::ProductList,
        reference::OneShippingZone,
        reference::ShippingZoneList,
        reference::OneShippingMethod,
        reference::ShippingMethodList,
        routes::admin::parked::list::ParkedList,
        routes::admin::parked::show::ParkedOrder,
        routes::admin::parked::redrive::Marked,
    ))
)]
struct Document;

/// The document of the read API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    examples::add(&mut document);
    access::describe(&mut document);
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::LOG_PARAMETERS,
        reference::{LISTED, ONE, SEARCHED},
        routes::{admin, customers, events, exports, operations, orders, statistics, webhooks},
    };
    use std::collections::BTreeSet;
    use utoipa::openapi::{RefOr, path::ParameterIn};

    #[test]
    fn every_parameter_that_is_read_is_documented_and_no_other() {
        let document = openapi();
        for (path, read) in [
            ("/v1/orders", orders::list::PARAMETERS),
            ("/v1/orders/{id}", orders::get::PARAMETERS),
            ("/v1/orders/{id}/diff", orders::diff::PARAMETERS),
            (
                "/v1/orders/{id}/invoice.pdf",
                orders::documents::invoice::PARAMETERS,
            ),
            (
                "/v1/orders/{id}/credit_note.pdf",
                orders::documents::credit_note::PARAMETERS,
            ),
            (
                "/v1/orders/{id}/packing_slip.pdf",
                orders::documents::packing_slip::PARAMETERS,
            ),
            ("/v1/orders/{id}/events", orders::events::PARAMETERS),
            ("/v1/orders/{id}/stream", orders::stream::PARAMETERS),
            ("/v1/orders/changes", orders::changes::PARAMETERS),
            ("/v1/events", events::list::PARAMETERS),
            ("/v1/events/stream", events::stream::PARAMETERS),
            ("/v1/orders.ndjson", exports::orders::DOCUMENTS),
            ("/v1/orders.csv", exports::orders::ROWS),
            ("/v1/orders.parquet", exports::orders::ROWS),
            ("/v1/lines.ndjson", exports::orders::ROWS),
            ("/v1/lines.csv", exports::orders::ROWS),
            ("/v1/lines.parquet", exports::orders::ROWS),
            ("/v1/events.ndjson", LOG_PARAMETERS),
            ("/v1/events.csv", LOG_PARAMETERS),
            ("/v1/events.parquet", LOG_PARAMETERS),
            ("/v1/exports", exports::list::PARAMETERS),
            ("/v1/exports/{id}", &[]),
            ("/v1/exports/{id}/file", exports::file::PARAMETERS),
            (
                "/v1/orders/by_external_id/{platform}/{external_id}",
                orders::get::PARAMETERS,
            ),
            ("/v1/statistics/orders", statistics::orders::PARAMETERS),
            ("/v1/statistics/products", statistics::products::PARAMETERS),
            (
                "/v1/statistics/customers",
                statistics::customers::PARAMETERS,
            ),
            (
                "/v1/statistics/customers/cohorts",
                statistics::cohorts::PARAMETERS,
            ),
            ("/v1/statistics/funnel", statistics::funnel::PARAMETERS),
            ("/v1/customers", customers::list::PARAMETERS),
            ("/v1/customers/{id}", customers::get::PARAMETERS),
            ("/v1/customers/{id}/orders", customers::orders::PARAMETERS),
            ("/v1/platforms", LISTED),
            ("/v1/platforms/{slug}", ONE),
            ("/v1/products", SEARCHED),
            ("/v1/products/{sku}", ONE),
            ("/v1/shipping/zones", LISTED),
            ("/v1/shipping/zones/{id}", ONE),
            ("/v1/shipping/methods", LISTED),
            ("/v1/shipping/methods/{id}", ONE),
            ("/v1/admin/parked", admin::parked::list::PARAMETERS),
            ("/v1/admin/parked/{id}", admin::parked::show::PARAMETERS),
            ("/v1/admin/pipeline", &[]),
            ("/v1/admin/projections/{name}/rebuild", &[]),
            ("/v1/webhooks/endpoints", webhooks::endpoints::PARAMETERS),
            ("/v1/operations", operations::list::PARAMETERS),
            ("/v1/operations/{id}", &[]),
            (
                "/v1/operations/{id}/results",
                operations::chosen::PARAMETERS,
            ),
            ("/v1/webhooks/deliveries", webhooks::deliveries::PARAMETERS),
            ("/v1/admin/jobs", admin::jobs::list::PARAMETERS),
            ("/v1/admin/jobs/{id}", &[]),
            ("/v1/admin/schedules", &[]),
            ("/v1/whoami", &[]),
        ] {
            let get = document.paths.paths[path].get.as_ref().expect("GET");
            let documented = get.parameters.iter().flatten().map(|p| match p {
                RefOr::T(parameter) => parameter,
                RefOr::Ref(_) => panic!("{path}: a parameter elsewhere"),
            });
            let documented = documented.filter(|p| p.parameter_in == ParameterIn::Query);
            let documented: BTreeSet<_> = documented.map(|p| p.name.as_str()).collect();
            assert_eq!(documented, read.iter().copied().collect(), "{path}");
        }
    }
}
