//! The system on top of the servers: key, roles, and what a person
//! has to know to use them.

use crate::{
    api_key,
    roles::{self, Apis, Front},
};
use actix_web::web::ServiceConfig;
use console::{Console, Mount};
use infra::{
    config::Config,
    http::{Readiness, serve},
    lifecycle::Lifecycle,
    open_files,
    postgres::Databases,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long everything may take to become ready.
const READY_TIME: Duration = Duration::from_mins(1);

/// The admin key of this folder, and the file of the worker's.
pub async fn keys(config: &Config, dir: &Path) -> anyhow::Result<(String, PathBuf)> {
    let ops = Databases::new(config)?.ops;
    let admin = api_key::keep(&ops, "dev", &dir.join("dev-api-key")).await?;
    let worker = dir.join("worker-api-key");
    api_key::keep(&ops, "worker", &worker).await?;
    Ok((admin, worker))
}

/// Starts every role in this process, behind one front.
pub async fn start_roles(config: &Config, lifecycle: &Lifecycle) -> anyhow::Result<Running> {
    open_files::raise_limit();
    let apis = Apis::new(config, lifecycle, Front::Both)?;
    let ready = roles::relay(config, lifecycle, apis.readiness())?;
    let ready = roles::projector(config, lifecycle, ready)?;
    let (mount, apis) = (Mount::default(), apis.configure());
    let console = mount.clone();
    let routes = move |config: &mut ServiceConfig| {
        apis(config);
        mount.configure(config);
    };
    let address = serve(config, lifecycle, "dev", ready.clone(), routes).await?;
    // These are clients of what listens only now.
    let config = Config {
        command_url: format!("http://{address}"),
        read_url: String::new(),
        ..config.clone()
    };
    console.fill(Console::new(
        &config,
        &config.command_url,
        config.questions_url(),
    )?);
    let ready = roles::worker(&config, lifecycle, ready)?;
    Ok(Running { address, ready })
}

/// The roles, running.
pub struct Running {
    /// Where they listen.
    pub address: SocketAddr,
    ready: Readiness,
}

impl Running {
    /// Waits until `/readyz` is 200.
    pub async fn ready(&self, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            let report = self.ready.report().await;
            if report.status == "ok" {
                return Ok(());
            }
            anyhow::ensure!(
                !lifecycle.shutdown.is_cancelled(),
                "stopped before it was ready"
            );
            anyhow::ensure!(
                since.elapsed() < READY_TIME,
                "not ready: {:?}",
                report.checks
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Where everything is, and a first order; `sample` is how many orders come in
/// meanwhile.
pub fn guide(url: &str, key: &str, dir: &Path, sample: Option<u64>) -> String {
    let dir = dir.display();
    let sample = sample.map_or_else(String::new, |orders| {
        format!(
            "  Sample    {orders} orders of a made-up shop come in meanwhile, this once\n            \
             (`make run SEED_ORDERS=0`, or no --seed-orders: without them)\n"
        )
    });
    format!(
        r#"
Orderlog is ready.

  Console   {url}/console (sign in with the API key)
  API       {url}/v1
  Docs      {url}/docs/
  OpenAPI   {url}/openapi.json
  Metrics   {url}/metrics
  Health    {url}/readyz
  Data      {dir}
  Logs      {dir}/log
  API key   {key}
            (kept in {dir}/dev-api-key)
{sample}
Place a first order:

  export ORDERLOG_API_KEY={key}
  curl -i {url}/v1/orders \
    -H "Authorization: Bearer $ORDERLOG_API_KEY" \
    -H "Content-Type: application/json" -H "Idempotency-Key: first" \
    -d '{{"platform": "web", "external_id": "W-1", "currency": "GBP",
         "lines": [{{"sku": "LAMP", "name": "Desk lamp", "quantity": 2, "unit_price": "19.99"}}],
         "shipping_address": {{"country": "GB"}}}}'

Read it, waiting for it to arrive:

  curl -i "{url}/v1/orders/by_external_id/web/W-1?min_version=1" \
    -H "Authorization: Bearer $ORDERLOG_API_KEY" -H "Prefer: wait=5"

Import real orders, and hold log, Kafka and read models against each other:

  target/debug/orderlog import FILE --format online-retail --url {url}
  target/debug/orderlog verify --dir {dir}

Ctrl-C stops everything; the data stays.
"#
    )
}
