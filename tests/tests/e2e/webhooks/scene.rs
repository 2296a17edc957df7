//! A shop whose events are told to receivers on this machine.

use super::receiver::Receiver;
use crate::process::scene::Scene;
use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Role, TestEnv, answer, wait_until};
use uuid::Uuid;

/// The shop, a read API and a worker.
pub struct Shop<'a> {
    pub scene: Scene<'a>,
    pub read_api: Role,
    pub worker: Role,
}

/// An endpoint as it was made.
pub struct Made {
    pub id: Uuid,
    pub secret: String,
}

/// Networks of this machine.
pub fn loopback(config: &mut infra::config::Config) {
    config.webhook_networks = ["127.0.0.0/8", "::1/128"].into_iter().collect();
}

impl<'a> Shop<'a> {
    pub async fn open(env: &'a TestEnv) -> Result<Self> {
        let scene = Scene::start_with(env, json!({}), loopback).await?;
        let mut read_api = env.role("read-api").spawn()?;
        read_api.ready().await?;
        let worker = scene.ready_worker().await?;
        Ok(Self {
            scene,
            read_api,
            worker,
        })
    }

    /// An endpoint at the receiver.
    pub async fn endpoint(&self, receiver: &Receiver, more: Value) -> Result<Made> {
        let mut body = json!({"url": receiver.url, "event_types": ["*"]});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let made = self.scene.api.post("/v1/webhooks/endpoints", &body).await?;
        let made = made.expect(201)?.json;
        Ok(Made {
            id: made["id"].as_str().context("no id")?.parse()?,
            secret: made["secret"].as_str().context("no secret")?.to_owned(),
        })
    }

    /// PATCH of an endpoint.
    pub async fn change(&self, endpoint: Uuid, body: Value) -> Result<Answer> {
        let path = format!("/v1/webhooks/endpoints/{endpoint}");
        let request = self.scene.api.request(Method::PATCH, &path);
        answer(request.json(&body)).await
    }

    /// POST below an endpoint.
    pub async fn ask(&self, endpoint: Uuid, what: &str, body: Value) -> Result<Answer> {
        let path = format!("/v1/webhooks/endpoints/{endpoint}/{what}");
        self.scene.api.post(&path, &body).await
    }

    /// GET from the read API.
    pub async fn read(&self, path: &str) -> Result<Value> {
        let read = self.scene.api.at(&self.read_api).get(path).await?;
        Ok(read.expect(200)?.json)
    }

    /// Waits until an endpoint is such one.
    pub async fn until_endpoint(
        &self,
        id: Uuid,
        what: &str,
        such: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait_until(&format!("an endpoint that is {what}"), async || {
            let endpoint = self.read(&format!("/v1/webhooks/endpoints/{id}")).await?;
            Ok(such(&endpoint).then_some(endpoint))
        })
        .await
    }

    /// Waits until so many deliveries of an endpoint are in a state; these.
    pub async fn until_deliveries(
        &self,
        endpoint: Uuid,
        state: &str,
        wanted: usize,
    ) -> Result<Vec<Value>> {
        let path = format!("/v1/webhooks/deliveries?endpoint={endpoint}&state={state}&limit=200");
        wait_until(
            &format!("{wanted} deliveries that are {state}"),
            async || {
                let list = self.read(&path).await?;
                let data = list["data"].as_array().context("no list")?.clone();
                Ok((data.len() == wanted).then_some(data))
            },
        )
        .await
    }
}
