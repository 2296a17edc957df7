//! A command API, and what its log has.

use anyhow::Context as _;
use infra::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{Answer, Api, Role, TestEnv, answer};

/// A command API of its own, and a client of it.
pub struct Scene {
    pub role: Role,
    pub api: Api,
    pub log: PgPool,
}

impl Scene {
    /// With the configuration of tests.
    pub async fn start(env: &TestEnv) -> anyhow::Result<Self> {
        Self::start_with(env, |_| {}).await
    }

    /// With another one.
    pub async fn start_with(
        env: &TestEnv,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let mut role = env.role("command-api").config(change).spawn()?;
        role.ready().await?;
        let api = Api::new(env, &role).await?;
        let log = infra::postgres::pool(&env.config.events_url, 2)?;
        Ok(Self { role, api, log })
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        answer(self.api.request(Method::PUT, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        answer(self.api.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        answer(self.api.request(Method::DELETE, path)).await
    }

    /// How many events the log has of a kind.
    pub async fn events_of(&self, kind: &str) -> anyhow::Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_type = $1");
        Ok(count.bind(kind).fetch_one(&self.log).await?)
    }

    /// By which version of its platform the events of an order were decided.
    pub async fn decided_by(&self, order: &Value) -> anyhow::Result<Vec<Option<String>>> {
        let id = order["order_id"].as_str().context("no order")?;
        let versions = sqlx::query_scalar(
            "SELECT metadata ->> 'platform_version' FROM events \
              WHERE aggregate_type = 'order' AND aggregate_id = $1 ORDER BY sequence",
        );
        Ok(versions.bind(id).fetch_all(&self.log).await?)
    }
}

/// A client whose key is for orders, and for these besides.
pub async fn client_for(env: &TestEnv, role: &Role, scopes: &[&str]) -> anyhow::Result<Api> {
    let mut asked = vec!["api-key", "create", "--json"];
    for scope in ["orders:read", "orders:write"].iter().chain(scopes) {
        asked.extend(["--scope", *scope]);
    }
    let made = env.orderlog_ok(&asked).await?;
    let made: Value = serde_json::from_str(&made)?;
    let key = made["secret"].as_str().context("no secret")?;
    Ok(Api::with_key(role.url(), key))
}

/// An order of this platform that costs 750.
pub fn order(platform: &str) -> Value {
    json!({
        "platform": platform, "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "2.50"}],
    })
}

/// The same as an import of that number.
pub fn import(platform: &str, external_id: &str) -> Value {
    let mut body = order(platform);
    body["external_id"] = json!(external_id);
    body["placed_at"] = json!("2010-12-01T08:26:00Z");
    body
}
