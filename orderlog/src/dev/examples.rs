//! What the pages of integrations show at first, beside the sample data: an endpoint
//! that is told nothing yet, a file that was only tried, and an export.

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Value, json};

/// Orders of a shop of long ago; the quantity of one is none.
const FILE: &str = "No,Date,SKU,Qty,Price\n\
    1001,2019-03-04,MUG-1,2,12.50\n\
    1002,2019-03-05,MUG-1,two,12.50\n\
    1003,2019-03-05,LAMP-3,1,40.00\n";
/// Which of its columns is which field.
const MAPPING: &str = r#"platform = "old-shop"

[fields]
external_id = "No"
currency = { value = "GBP" }
placed_at = "Date"
sku = "SKU"
quantity = "Qty"
unit_price = "Price"
"#;

/// Makes them.
///
/// # Errors
/// The system does not answer, or refuses one of them.
pub async fn make(url: &str, key: &str) -> anyhow::Result<()> {
    // It is of this machine.
    let client = Client::builder().no_proxy().build()?;
    let request = |method: Method, path: &str| {
        let request = client.request(method, format!("{url}{path}"));
        request.bearer_auth(key)
    };
    let endpoint = json!({
        "url": "https://erp.example/hooks/orders",
        "description": "An example: give it the URL of a receiver, and enable it",
        "event_types": ["order.placed", "order.cancelled"],
    });
    let made = request(Method::POST, "/v1/webhooks/endpoints").json(&endpoint);
    let made = accepted(made).await?;
    let id = made["id"].as_str().context("an endpoint without an id")?;
    let path = format!("/v1/webhooks/endpoints/{id}");
    accepted(request(Method::PATCH, &path).json(&json!({"state": "disabled"}))).await?;

    let export = json!({"kind": "orders", "format": "csv", "compression": "gzip"});
    accepted(request(Method::POST, "/v1/exports").json(&export)).await?;

    let treated = [("format", "csv"), ("mapping", MAPPING), ("dry_run", "true")];
    let file = Url::parse_with_params(&format!("{url}/v1/operations/import"), treated)?;
    accepted(client.post(file).bearer_auth(key).body(FILE)).await?;
    Ok(())
}

/// The answer, unless it is a refusal.
async fn accepted(request: RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if !status.is_success() {
        bail!(
            "{status}: {}",
            body["title"].as_str().unwrap_or("no answer")
        );
    }
    Ok(body)
}
