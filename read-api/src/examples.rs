//! Examples of answers, for the OpenAPI document. They are what a system said
//! that had seen a few orders, the first of them the example of
//! `POST /v1/orders`.

use serde_json::Value;
use utoipa::openapi::{OpenApi, RefOr, path::Operation};

/// The example of each operation, in a file of its name.
macro_rules! answers {
    ($($operation:literal $(as $file:literal)?),+ $(,)?) => {
        &[$(($operation, answers!(@ $operation $($file)?))),+]
    };
    (@ $operation:literal) => { include_str!(concat!("examples/", $operation, ".json")) };
    (@ $operation:literal $file:literal) => { include_str!(concat!("examples/", $file, ".json")) };
}

const ANSWERS: &[(&str, &str)] = answers![
    "list_api_keys",
    "get_api_key",
    "whoami",
    "list_orders",
    "get_order",
    "get_order_by_external_id" as "get_order",
    "lookup_orders",
    "list_order_events",
    "diff_order",
    "list_events",
    "stream_events",
    "stream_order_events" as "stream_events",
    "stream_order_changes",
    "get_order_statistics",
    "get_product_statistics",
    "get_customer_statistics",
    "get_cohort_statistics",
    "get_funnel_statistics",
    "list_customers",
    "get_customer",
    "list_customer_orders" as "list_orders",
    "list_platforms",
    "get_platform",
    "list_products",
    "get_product",
    "list_shipping_zones",
    "get_shipping_zone",
    "list_shipping_methods",
    "get_shipping_method",
    "quote_shipping",
    "list_parked_orders",
    "get_parked_order",
    "redrive_parked_order",
    "redrive_parked_orders" as "redrive_parked_order",
    "discard_parked_record",
    "get_cache",
    "purge_cache",
    "get_pipeline",
    "list_projections",
    "list_rebuilds",
    "rebuild_projection",
    "cancel_rebuild",
    "list_operations",
    "get_operation",
    "list_webhook_endpoints",
    "get_webhook_endpoint",
    "list_webhook_deliveries",
    "get_webhook_delivery",
    "list_exports",
    "get_export",
    "list_jobs",
    "get_job",
    "retry_job",
    "cancel_job",
    "list_schedules",
    "pause_schedule",
    "resume_schedule",
    "run_schedule",
];

/// The same of what is no JSON: text, as it is sent.
const TEXTS: &[(&str, &str)] = &[
    (
        "export_orders_ndjson",
        include_str!("examples/export_orders.ndjson"),
    ),
    (
        "export_orders_csv",
        include_str!("examples/export_orders.csv"),
    ),
    (
        "export_lines_ndjson",
        include_str!("examples/export_lines.ndjson"),
    ),
    (
        "export_lines_csv",
        include_str!("examples/export_lines.csv"),
    ),
    (
        "export_events_ndjson",
        include_str!("examples/export_events.ndjson"),
    ),
    (
        "get_operation_results",
        include_str!("examples/get_operation_results.ndjson"),
    ),
    (
        "export_events_csv",
        include_str!("examples/export_events.csv"),
    ),
];

/// Adds its example to each answer that is a success.
pub fn add(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            if let Some(example) = example(operation) {
                put(operation, &example);
            }
        }
    }
}

fn example(operation: &Operation) -> Option<Value> {
    let id = operation.operation_id.as_deref()?;
    if let Some((_, text)) = TEXTS.iter().find(|(of, _)| *of == id) {
        return Some(Value::from(*text));
    }
    let (_, text) = ANSWERS.iter().find(|(of, _)| *of == id)?;
    serde_json::from_str(text).ok()
}

fn put(operation: &mut Operation, example: &Value) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if !status.starts_with('2') {
            continue;
        }
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content {
                content.example = Some(example.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_example_can_be_read_and_is_that_of_an_operation() {
        let document = crate::openapi();
        let items = document.paths.paths.into_values();
        let operations = items.flat_map(|item| [item.get, item.post].into_iter().flatten());
        let ids: BTreeSet<_> = operations.filter_map(|o| o.operation_id).collect();
        for (of, text) in ANSWERS {
            assert!(ids.contains(*of), "{of} is no operation");
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{of}");
        }
        for (of, _) in TEXTS {
            assert!(ids.contains(*of), "{of} is no operation");
        }
    }
}
