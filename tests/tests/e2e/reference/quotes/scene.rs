//! All roles, and a small catalogue.

use crate::{proxy::Proxy, read_api::views::PATIENCE};
use anyhow::{Context as _, ensure};
use infra::platforms::Platforms;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Api, Role, TestEnv, answer};

/// Every role, with a way to Redis that can be cut; the platform `web`, the only
/// one that anybody knows; and
/// products: LAMP of 1,200 g at 10.00, GIFT that is not shipped at 50.00.
pub struct Scene {
    pub commands: Api,
    pub queries: Api,
    /// Of the read API alone.
    pub redis: Proxy,
    _roles: Vec<Role>,
}

impl Scene {
    pub async fn start(env: &TestEnv) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let redis = Proxy::start(&env.config.redis_url).await?;
        let mut roles = Vec::new();
        for name in ["command-api", "read-api", "relay", "projector"] {
            let role = env.role(name).config(|config| {
                config.platforms = Platforms::default();
                if name == "read-api" {
                    config.redis_url = redis.url();
                    config.redis_timeout_ms = PATIENCE;
                }
            });
            roles.push(role.spawn()?);
        }
        for role in &mut roles {
            role.ready().await?;
        }
        let commands = Api::new(env, &roles[0]).await?;
        let scene = Self {
            queries: commands.at(&roles[1]),
            commands,
            redis,
            _roles: roles,
        };
        scene.catalogue().await?;
        Ok(scene)
    }

    async fn catalogue(&self) -> anyhow::Result<()> {
        self.platform("web", &json!({})).await?;
        for (sku, weight, ships, price) in [
            ("LAMP", json!(1_200), true, 1_000),
            ("GIFT", Value::Null, false, 5_000),
        ] {
            let mut product = json!({
                "title": "An article", "requires_shipping": ships,
                "prices": [{"currency": "EUR", "unit_price": price}],
            });
            if !weight.is_null() {
                product["weight_grams"] = weight;
            }
            self.save(&format!("/v1/products/{sku}"), &product).await?;
        }
        Ok(())
    }

    /// The zone `germany`.
    pub async fn germany(&self) -> anyhow::Result<()> {
        let rules = json!({"countries": ["DE"], "rest_of_world": false});
        self.zone("germany", &rules).await
    }

    /// A zone of these rules.
    pub async fn zone(&self, id: &str, rules: &Value) -> anyhow::Result<()> {
        let mut zone = rules.clone();
        zone["name"] = json!(id);
        self.save(&format!("/v1/shipping/zones/{id}"), &zone).await
    }

    /// A method that has its id for a name.
    pub async fn method(&self, id: &str, method: &Value) -> anyhow::Result<()> {
        let mut method = method.clone();
        method["name"] = json!(id);
        self.save(&format!("/v1/shipping/methods/{id}"), &method)
            .await
    }

    /// A platform that takes what comes, but for this.
    pub async fn platform(&self, slug: &str, change: &Value) -> anyhow::Result<()> {
        let mut platform = json!({
            "name": slug, "active": true, "prices_include_tax": false, "auto_confirm": false,
            "allow_unpaid_shipping": false, "on_cancellation": "nothing",
            "client_prices": "accepted",
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            platform[name] = value.clone();
        }
        self.save(&format!("/v1/platforms/{slug}"), &platform).await
    }

    /// Saves something; its position.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<String> {
        let put = self.commands.request(Method::PUT, path).json(body);
        position(&answer(put).await?)
    }

    /// Takes something out of use, and waits until the views have it.
    pub async fn archive(&self, path: &str) -> anyhow::Result<()> {
        let delete = self.commands.request(Method::DELETE, path);
        self.seen(&position(&answer(delete).await?)?).await
    }

    async fn save(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let position = self.put(path, body).await?;
        self.seen(&position).await
    }

    /// Waits until the views have this position.
    async fn seen(&self, position: &str) -> anyhow::Result<()> {
        let path = format!("/v1/orders?limit=1&min_position={position}");
        let get = self.queries.request(Method::GET, &path);
        let get = get.header("Prefer", "wait=20, handling=strict");
        answer(get).await?.expect(200)?;
        Ok(())
    }

    /// Asks for a quote.
    pub async fn ask(&self, body: &Value) -> anyhow::Result<Answer> {
        self.queries.post("/v1/shipping/quotes", body).await
    }

    /// A quote.
    pub async fn quote(&self, body: &Value) -> anyhow::Result<Answer> {
        self.ask(body).await?.expect(200)
    }

    /// A quote that has seen this position.
    pub async fn quote_after(&self, position: &str, body: &Value) -> anyhow::Result<Answer> {
        let path = format!("/v1/shipping/quotes?min_position={position}");
        let post = self.queries.request(Method::POST, &path).json(body);
        answer(post.header("Prefer", "wait=20, handling=strict")).await
    }
}

fn position(saved: &Answer) -> anyhow::Result<String> {
    ensure!(saved.status.is_success(), "{}", saved.json);
    let position = saved.json["position"].as_str();
    Ok(position.context("there is no position")?.to_owned())
}

/// These lines on `web`, in euros, to Germany.
pub fn basket(lines: &Value) -> Value {
    json!({
        "platform": "web", "currency": "EUR", "lines": lines, "destination": {"country": "DE"},
    })
}

/// A method that ships to these zones for this.
pub fn flat(zones: &[&str], amount: i64) -> Value {
    json!({
        "name": "parcel", "zones": zones,
        "rates": [{"currency": "EUR", "charge": {"kind": "flat", "amount": amount}}],
    })
}

/// Ids of the methods that are offered.
pub fn offered(quote: &Value) -> Vec<&str> {
    let offers = quote["offers"].as_array().into_iter().flatten();
    offers
        .map(|offer| offer["method"].as_str().unwrap_or_default())
        .collect()
}

/// Why a method is refused, but for the words.
pub fn reasons(quote: &Value, method: &str) -> anyhow::Result<Value> {
    let mut refused = quote["refused"].as_array().into_iter().flatten();
    let refused = refused.find(|refused| refused["method"] == method);
    let mut reasons = refused.context("it is not refused")?["reasons"].clone();
    for reason in reasons.as_array_mut().into_iter().flatten() {
        let reason = reason.as_object_mut().context("a reason")?;
        let detail = reason.remove("detail");
        ensure!(detail.is_some_and(|detail| detail.is_string()));
    }
    Ok(reasons)
}
