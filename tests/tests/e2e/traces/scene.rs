//! Roles that send traces to a collector.

use super::collector::Collector;
use anyhow::Result;
use infra::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Api, RoleBuilder, TestEnv, answer};

/// The span of a client.
pub const PARENT: &str = "00f067aa0ba902b7";

/// A role that sends traces to `url`, and of those that nobody asked for this
/// share.
pub fn traced<'a>(env: &'a TestEnv, role: &str, url: &str, ratio: f64) -> RoleBuilder<'a> {
    let change = |config: &mut Config| {
        url.clone_into(&mut config.otlp_endpoint);
        config.traces_ratio = ratio;
        config.log_json = true;
        config.drain_seconds = 0;
        config.platforms = serde_json::from_value(json!({"default": {}})).unwrap_or_default();
        config.webhook_networks = ["127.0.0.0/8"].into_iter().collect();
    };
    env.role(role).config(change)
}

/// The same at a collector, with headers.
pub fn traced_to<'a>(
    env: &'a TestEnv,
    role: &str,
    collector: &Collector,
    ratio: f64,
) -> RoleBuilder<'a> {
    let role = traced(env, role, &collector.url, ratio);
    role.variable("ORDERLOG_OTLP_HEADERS", "x-key=hush")
}

/// Places an order as part of a trace, if any.
pub async fn place(api: &Api, traceparent: Option<&str>) -> Result<Answer> {
    let mut request = api.request(Method::POST, "/v1/orders").json(&order());
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    answer(request).await?.expect(201)
}

fn order() -> Value {
    json!({
        "platform": "web", "currency": "EUR",
        "customer": {"id": "c-1", "name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Thing", "quantity": 1, "unit_price": 1_000}],
    })
}
