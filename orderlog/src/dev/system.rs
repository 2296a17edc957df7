//! The system on top of the servers: key, roles, and what a person
//! has to know to use them.

use crate::roles::{self, Apis, Front};
use infra::{
    api_keys::{self, ApiKeys},
    config::Config,
    http::{Readiness, serve},
    lifecycle::Lifecycle,
    postgres::Databases,
};
use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

/// How long everything may take to become ready.
const READY_TIME: Duration = Duration::from_mins(1);

/// The admin key of this folder: the one in `dev-api-key` if it still works,
/// else a new one.
pub async fn admin_key(config: &Config, dir: &Path) -> anyhow::Result<String> {
    let (ops, path) = (Databases::new(config)?.ops, dir.join("dev-api-key"));
    if let Ok(kept) = fs::read_to_string(&path) {
        let kept = kept.trim().to_owned();
        if ApiKeys::new(ops.clone()).verify(&kept).await?.is_some() {
            return Ok(kept);
        }
    }
    let key = api_keys::create(&ops, "dev").await?;
    keep(&path, &format!("{}\n", key.secret))?;
    Ok(key.secret)
}

/// Writes a file that holds secrets: nobody else may read it.
pub fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// Starts every role in this process, behind one front.
pub async fn start_roles(config: &Config, lifecycle: &Lifecycle) -> anyhow::Result<Running> {
    let apis = Apis::new(config, lifecycle, Front::Both)?;
    let ready = roles::relay(config, lifecycle, apis.readiness())?;
    let ready = roles::projector(config, lifecycle, ready)?;
    let address = serve(config, lifecycle, "dev", ready.clone(), apis.configure()).await?;
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

/// Where everything is, and a first order.
pub fn guide(url: &str, key: &str, dir: &Path) -> String {
    let dir = dir.display();
    format!(
        r#"
Orderlog is ready.

  API       {url}/v1
  Docs      {url}/docs/
  OpenAPI   {url}/openapi.json
  Metrics   {url}/metrics
  Health    {url}/readyz
  Data      {dir}
  Logs      {dir}/log
  API key   {key}
            (kept in {dir}/dev-api-key)

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
