//! A whole system, and the people who order from it.

use crate::operations::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use infra::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Api, Role, TestEnv, answer, wait_until};
use uuid::Uuid;

/// Somebody who orders.
#[derive(Clone, Copy)]
pub struct Person {
    pub name: &'static str,
    pub email: &'static str,
    pub street: &'static str,
    pub note: &'static str,
}

impl Person {
    /// All that is to be gone once they are forgotten.
    pub const fn texts(&self) -> [&'static str; 4] {
        [self.name, self.email, self.street, self.note]
    }
}

/// Whoever is to be forgotten.
pub const QUILL: Person = Person {
    name: "Quillfeather Zabrowski",
    email: "quillfeather@example.net",
    street: "77 Thistledown Passage",
    note: "rang twice at the vermilion gate",
};
/// Whoever is not.
pub const MARL: Person = Person {
    name: "Marlowe Underbridge",
    email: "underbridge@example.org",
    street: "3 Cobblestone Yard",
    note: "leave it with the harbourmaster",
};

/// Every role.
pub struct Town<'a> {
    pub scene: Scene<'a>,
    _roles: Vec<Role>,
    pub worker: Option<Role>,
}

impl<'a> Town<'a> {
    /// All of them, ready.
    pub async fn open(env: &'a TestEnv) -> Result<Self> {
        Self::open_with(env, |_| {}).await
    }

    /// The same, configured otherwise.
    pub async fn open_with(
        env: &'a TestEnv,
        more: impl Fn(&mut Config) + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let scene = Scene::start_with(env, more.clone()).await?;
        let mut roles = Vec::new();
        for name in ["relay", "projector"] {
            let mut role = env.role(name).config(&more).spawn()?;
            role.ready().await?;
            roles.push(role);
        }
        let worker = Some(scene.worker().await?);
        Ok(Self {
            scene,
            _roles: roles,
            worker,
        })
    }

    /// The read API.
    pub fn views(&self) -> Api {
        self.scene.api.at(&self.scene.queries)
    }

    /// Places an order, and waits until it is read; its path.
    pub async fn order(&self, person: &Person, customer: Option<&str>) -> Result<String> {
        let body = order(person, customer);
        let placed = self
            .scene
            .api
            .post("/v1/orders", &body)
            .await?
            .expect(201)?;
        let path = placed.header("location").to_owned();
        let note = json!({"text": person.note});
        self.on(&path, "notes", note).await?;
        let read = format!("{path}?min_version=2");
        let request = self.views().request(Method::GET, &read);
        let request = request.header("Prefer", "wait=30, handling=strict");
        answer(request).await?.expect(200)?;
        Ok(path)
    }

    /// A command on an order; the answer.
    pub async fn on(&self, path: &str, what: &str, body: Value) -> Result<Value> {
        let done = self
            .scene
            .api
            .post(&format!("{path}/{what}"), &body)
            .await?;
        Ok(done.expect(200)?.json)
    }

    /// What is read once everything that the last command led to is there.
    pub async fn read(&self, path: &str, position: &Value) -> Result<Value> {
        let position = position.as_str().context("no position")?;
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joint}min_position={position}");
        let request = self.views().request(Method::GET, &path);
        let request = request.header("Prefer", "wait=30, handling=strict");
        Ok(answer(request).await?.expect(200)?.json)
    }

    /// What is read now.
    pub async fn see(&self, path: &str) -> Result<Answer> {
        self.views().get(path).await
    }

    /// Asks for an operation about somebody; where it is.
    pub async fn ask(&self, what: &str, body: &Value) -> Result<String> {
        let path = format!("/v1/customers/{what}");
        let asked = self.scene.api.post(&path, body).await?.expect(202)?;
        Ok(asked.header("location").to_owned())
    }

    /// The same to its end.
    pub async fn done(&self, what: &str, body: &Value) -> Result<Value> {
        let location = self.ask(what, body).await?;
        let ended = self.scene.until_ended(&location, "succeeded").await?;
        ensure!(ended["progress"]["failed"] == 0, "{ended}");
        ensure!(!ended.to_string().contains('@'), "{ended}");
        Ok(ended)
    }

    /// Asks for a file, and waits until it is there; where the export is.
    pub async fn export(&self, body: &Value) -> Result<String> {
        let asked = self.scene.api.post("/v1/exports", body).await?;
        let export = asked.expect(202)?.header("location").to_owned();
        wait_until("the file", async || {
            let export = self.see(&export).await?.expect(200)?.json;
            Ok((export["state"] == "done").then_some(()))
        })
        .await?;
        Ok(export)
    }

    /// Has everything told to a receiver at this URL.
    pub async fn tell(&self, url: &str) -> Result<()> {
        let endpoint = json!({"url": url, "event_types": ["*"]});
        let made = self.scene.api.post("/v1/webhooks/endpoints", &endpoint);
        made.await?.expect(201)?;
        Ok(())
    }

    /// Kills the worker, or starts another one.
    pub async fn kill_worker(&mut self) -> Result<()> {
        if let Some(worker) = self.worker.take() {
            worker.kill9().await?;
        }
        Ok(())
    }
}

pub fn order(person: &Person, customer: Option<&str>) -> Value {
    let mut body = json!({
        "platform": "web", "currency": "GBP",
        "customer": {"name": person.name, "email": person.email},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": 250}],
        "shipping_address": {"name": person.name, "line1": person.street, "country": "GB"},
    });
    if let Some(customer) = customer {
        body["customer"]["id"] = customer.into();
    }
    body
}

/// Whether a text has anything of the person to be forgotten.
pub fn shows_quill(text: &str) -> Option<&'static str> {
    QUILL.texts().into_iter().find(|part| text.contains(part))
}

pub fn id_of(path: &str) -> Result<Uuid> {
    let id = path.rsplit('/').next().context("no id")?;
    Ok(id.parse()?)
}
