//! The OpenAPI document of the queries, from the code.

use crate::routes;
use contracts::order::Order;
use infra::http::ProblemDocument;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orderlog queries",
        description = "Queries are served from projections. Every answer says how far those are behind the log, and can wait until they are not."
    ),
    paths(
        routes::orders::list::handle,
        routes::orders::get::handle,
        routes::orders::events::handle,
        routes::orders::by_external_id::handle,
        routes::statistics::orders::handle,
        routes::admin::cache::handle,
        routes::admin::cache::purge::handle,
        routes::admin::projections::handle,
    ),
    components(schemas(
        Order,
        ProblemDocument,
        routes::orders::list::OrderList,
        routes::orders::events::EventList,
        routes::statistics::orders::Statistics,
    ))
)]
struct Document;

/// The document of the read API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{orders, statistics};
    use std::collections::BTreeSet;
    use utoipa::openapi::{RefOr, path::ParameterIn};

    #[test]
    fn every_parameter_that_is_read_is_documented_and_no_other() {
        let document = openapi();
        for (path, read) in [
            ("/v1/orders", orders::list::PARAMETERS),
            ("/v1/orders/{id}", orders::get::PARAMETERS),
            ("/v1/orders/{id}/events", orders::events::PARAMETERS),
            (
                "/v1/orders/by_external_id/{platform}/{external_id}",
                orders::get::PARAMETERS,
            ),
            ("/v1/statistics/orders", statistics::orders::PARAMETERS),
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
