//! A command API, and an order that is led through its life.

use anyhow::{Context as _, ensure};
use infra::config::Config;
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{Answer, Api, Role, TestEnv, answer};

/// A command API on a log of its own.
pub struct Scene {
    pub api: Api,
    pub log: PgPool,
    _role: Role,
}

/// What a refusal has to say.
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    /// Where it points; empty: nowhere.
    pub pointer: &'static str,
    /// Members that it has.
    pub figures: Value,
}

impl Scene {
    pub async fn new(env: &TestEnv) -> anyhow::Result<Self> {
        Self::with(env, |_| ()).await
    }

    pub async fn with(env: &TestEnv, change: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let mut role = env.role("command-api").config(change).spawn()?;
        role.ready().await?;
        Ok(Self {
            api: Api::new(env, &role).await?,
            log: infra::postgres::pool(&env.config.events_url, 2)?,
            _role: role,
        })
    }

    /// Sends a command; null is no body at all.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<Answer> {
        let mut request = self
            .api
            .request(Method::from_bytes(method.as_bytes())?, path);
        if !body.is_null() {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_str(value)?);
        }
        answer(request).await
    }

    /// A command that is carried out.
    pub async fn done(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.send(method, path, &body, &[]).await?;
        let answer = answer
            .expect(200)
            .with_context(|| format!("{method} {path} {body}"))?;
        let version = &answer.json["version"];
        ensure!(answer.header("etag") == format!("\"{version}-0\""));
        Ok(answer.json)
    }

    /// A command that is refused and stores nothing.
    pub async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        refusal: Refusal,
    ) -> anyhow::Result<()> {
        let before = self.events().await?;
        let answer = self.send(method, path, &body, &[]).await?;
        let answer = answer
            .expect_problem(refusal.status, refusal.code)
            .with_context(|| format!("{method} {path} {body}"))?;
        let pointer = answer.json["errors"][0]["pointer"].as_str();
        ensure!(
            pointer.unwrap_or_default() == refusal.pointer,
            "{}",
            answer.json
        );
        for (name, value) in refusal.figures.as_object().context("figures")? {
            ensure!(answer.json[name] == *value, "{name}: {}", answer.json);
        }
        ensure!(self.events().await? == before, "{path} stored something");
        Ok(())
    }

    /// How many events are stored.
    pub async fn events(&self) -> anyhow::Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM events");
        Ok(count.fetch_one(&self.log).await?)
    }

    /// A placed order; its path. Total: 4,400.
    pub async fn placed(&self) -> anyhow::Result<String> {
        let placed = self.api.post("/v1/orders", &order()).await?.expect(201)?;
        Ok(placed.header("location").to_owned())
    }

    /// A placed order that is paid; its path.
    pub async fn paid(&self) -> anyhow::Result<String> {
        let path = self.placed().await?;
        self.done(
            "POST",
            &format!("{path}/payments"),
            json!({"amount": 4_400}),
        )
        .await?;
        self.done("POST", &format!("{path}/payments/p1/capture"), Value::Null)
            .await?;
        Ok(path)
    }

    /// A paid order that was shipped as a whole; its path.
    pub async fn shipped(&self) -> anyhow::Result<String> {
        let path = self.paid().await?;
        self.done("POST", &format!("{path}/fulfillments"), everything())
            .await?;
        self.done("POST", &format!("{path}/fulfillments/f1/ship"), Value::Null)
            .await?;
        Ok(path)
    }

    /// A shipped order with an approved return of one lamp; its path.
    pub async fn returned(&self) -> anyhow::Result<String> {
        let path = self.shipped().await?;
        let one = json!({"lines": [{"line": "l1", "quantity": 1}]});
        self.done("POST", &format!("{path}/returns"), one).await?;
        self.done("POST", &format!("{path}/returns/r1/approve"), Value::Null)
            .await?;
        Ok(path)
    }
}

/// Lamps for 3,000, shades for 1,000, shipping for 400.
pub fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "customer": {"id": "c-42", "name": "Ada Lovelace"},
        "lines": [
            {"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "10.00"},
            {"sku": "B", "name": "Shade", "quantity": 2, "unit_price": 500},
        ],
        "shipping": {"method": "std", "name": "Standard", "amount": 400},
        "shipping_address": {"name": "Ada Lovelace", "city": "London", "country": "GB"},
    })
}

/// Every unit of that order.
pub fn everything() -> Value {
    json!({"lines": [{"line": "l1", "quantity": 3}, {"line": "l2", "quantity": 2}]})
}

/// 404: nothing of that name.
pub fn not_found(code: &'static str) -> Refusal {
    refusal(404, code, "")
}

/// 409: the order's state forbids it.
pub fn conflict(code: &'static str) -> Refusal {
    refusal(409, code, "")
}

/// 422: the command's content forbids it.
pub fn invalid(code: &'static str, pointer: &'static str) -> Refusal {
    refusal(422, code, pointer)
}

/// 400: not of the documented shape.
pub fn malformed(pointer: &'static str) -> Refusal {
    refusal(400, "invalid_body", pointer)
}

fn refusal(status: u16, code: &'static str, pointer: &'static str) -> Refusal {
    Refusal {
        status,
        code,
        pointer,
        figures: json!({}),
    }
}

impl Refusal {
    /// It points there as well.
    pub fn at(mut self, pointer: &'static str) -> Self {
        self.pointer = pointer;
        self
    }

    /// It says so much.
    pub fn with(mut self, figures: Value) -> Self {
        self.figures = figures;
        self
    }
}
