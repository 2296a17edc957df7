//! Every role as a process, configured alike.

use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, secret::Secret};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Output;
use tests::{Api, Role, TestEnv, answer, command, wait_until};

/// What is running.
pub struct System {
    pub commands: Api,
    pub queries: Api,
    roles: Vec<Role>,
}

/// An order as a command has answered.
pub struct Placed {
    pub id: String,
    pub position: String,
}

impl System {
    /// On databases that are migrated, with this API key.
    pub async fn start(env: &TestEnv, config: &Config, key: &str) -> Result<Self> {
        let role = |name: &str| env.role(name).config(|ours| *ours = config.clone());
        let mut roles = Vec::new();
        for name in ["command-api", "read-api", "relay", "projector"] {
            roles.push(role(name).spawn()?);
        }
        let [commands, queries] = [0, 1].map(|which: usize| roles[which].url().to_owned());
        let worker = role("worker").config(|ours| {
            commands.clone_into(&mut ours.command_url);
            queries.clone_into(&mut ours.read_url);
            ours.api_key = Secret::new(key);
        });
        roles.push(worker.spawn()?);
        for role in &mut roles {
            role.ready().await?;
        }
        Ok(Self {
            commands: Api::with_key(&commands, key),
            queries: Api::with_key(&queries, key),
            roles,
        })
    }

    /// Ends all of it at once.
    pub async fn kill(self) -> Result<()> {
        for role in self.roles {
            role.kill9().await?;
        }
        Ok(())
    }

    /// What every role has written.
    pub fn logs(&self) -> String {
        self.roles.iter().map(Role::log).collect()
    }

    pub async fn place(&self, external_id: &str) -> Result<Placed> {
        let order = json!({
            "platform": "web", "external_id": external_id, "currency": "GBP",
            "customer": {"id": "c-1", "name": "Ada Lovelace", "email": "ada@example.com"},
            "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 1, "unit_price": 1_000}],
            "shipping_address": {"country": "GB"},
        });
        let placed = self.commands.post("/v1/orders", &order).await?;
        placed_of(&placed.expect(201)?.json)
    }

    pub async fn cancel(&self, order: &Placed) -> Result<Placed> {
        let path = format!("/v1/orders/{}/cancel", order.id);
        let body = json!({"reason": "changed their mind"});
        placed_of(&self.commands.post(&path, &body).await?.expect(200)?.json)
    }

    /// The order, once the views have what a command has answered.
    pub async fn read(&self, order: &Placed) -> Result<Value> {
        let path = format!("/v1/orders/{}?min_position={}", order.id, order.position);
        let request = self.queries.request(Method::GET, &path);
        let request = request.header("Prefer", "wait=20, handling=strict");
        Ok(answer(request).await?.expect(200)?.json)
    }

    /// Waits until an order is read as one that was placed and confirmed.
    pub async fn until_confirmed(&self, order: &Placed) -> Result<Value> {
        let path = format!("/v1/orders/{}", order.id);
        wait_until("an order that is confirmed", async || {
            let read = self.queries.get(&path).await?.json;
            Ok((read["status"] == "placed" && read["version"] == 2).then_some(read))
        })
        .await
    }

    /// GET from the read API.
    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.queries.get(path).await?.expect(200)?.json)
    }
}

fn placed_of(answer: &Value) -> Result<Placed> {
    let text = |name: &str| answer[name].as_str().with_context(|| format!("no {name}"));
    Ok(Placed {
        id: text("order_id")?.to_owned(),
        position: text("position")?.to_owned(),
    })
}

/// Orders are confirmed by the worker.
pub fn confirming(config: &Config) -> Result<Config> {
    let platforms = json!({"default": {}, "web": {"auto_confirm": true}});
    Ok(Config {
        platforms: serde_json::from_value(platforms)?,
        ..config.clone()
    })
}

/// Runs `orderlog ARGS` with this configuration to its end.
pub async fn orderlog(config: &Config, args: &[&str]) -> Result<Output> {
    let output = command(config)?.args(args).output().await;
    output.with_context(|| format!("orderlog {} cannot be run", args.join(" ")))
}

/// The same, which has to succeed; what it has said.
pub async fn orderlog_ok(config: &Config, args: &[&str]) -> Result<String> {
    let output = orderlog(config, args).await?;
    let said = said(&output);
    ensure!(
        output.status.success(),
        "orderlog {} ended with {}:\n{said}",
        args.join(" "),
        output.status
    );
    Ok(said)
}

/// On both of its outputs.
pub fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    both.concat()
}

/// A new API key.
pub async fn api_key(config: &Config) -> Result<String> {
    let output = orderlog(config, &["api-key", "create", "--json"]).await?;
    let made: Value = serde_json::from_slice(&output.stdout).with_context(|| said(&output))?;
    Ok(made["secret"].as_str().context("no secret")?.to_owned())
}
