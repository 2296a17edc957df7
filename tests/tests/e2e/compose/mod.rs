//! docker-compose.yml, as far as it goes without an engine: its commands and
//! environments run as processes of this machine, in its order.

mod file;
mod handed_on;
mod servers;
mod stage;

use anyhow::{Context as _, Result, ensure};
use file::{Compose, Condition, Image, settings};
use infra::sealing::MasterKey;
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use stage::Stage;
use std::fs;
use tests::{
    Answer, Api, PrivateServers, TestEnv, answer, on_private_servers, plain, root, wait_until,
};

pub fn trials() -> Vec<Trial> {
    vec![
        plain(
            "compose::every_service_is_bounded_and_can_be_waited_for",
            every_service_is_bounded_and_can_be_waited_for,
        ),
        plain(
            "compose::it_does_not_start_without_its_secrets",
            it_does_not_start_without_its_secrets,
        ),
        plain(
            "compose::settings_are_handed_on_or_left_out_for_a_reason",
            handed_on::are_told_or_left_out_for_a_reason,
        ),
        on_private_servers(
            "compose::what_the_file_starts_takes_a_first_order",
            async |env: &TestEnv, servers: &PrivateServers| {
                Box::pin(what_the_file_starts_takes_a_first_order(env, servers)).await
            },
        ),
    ]
}

/// Of these there may be any number: `--scale`.
const SCALED: [&str; 5] = ["command-api", "console", "projector", "read-api", "worker"];
/// These look on; everything else is needed for an order.
const WATCHERS: [&str; 3] = ["grafana", "otel-collector", "prometheus"];

fn compose() -> Result<Compose> {
    let key = MasterKey::random()?;
    let secrets = [
        ("ORDERLOG_DB_PASSWORD", "secret"),
        ("ORDERLOG_MASTER_KEY", &*key),
    ];
    Compose::read(&settings(&secrets)?)
}

fn every_service_is_bounded_and_can_be_waited_for() -> Result<()> {
    let (compose, image) = (compose()?, Image::read()?);
    for (name, service) in &compose.services {
        let deploy = service.deploy.as_ref().with_context(|| name.clone())?;
        for limit in ["cpus", "memory", "pids"] {
            let limit = &deploy["resources"]["limits"][limit];
            ensure!(!limit.is_null(), "{name} has no limits");
        }
        let named = service.container_name.is_some() || service.network_mode.is_some();
        ensure!(!named, "{name} cannot be there twice");
        // Docker's own address would be in the way of a second instance.
        ensure!(
            service.ports.is_empty() || !SCALED.contains(&name.as_str()),
            "{name} has a port of this machine"
        );
        for (on, dependency) in &service.depends_on {
            let other = compose.service(on)?;
            let ends = other.restart.as_deref() == Some("no");
            let possible = match dependency.condition {
                Condition::Started => !ends,
                Condition::Healthy => !ends && other.health(&image).is_some(),
                Condition::CompletedSuccessfully => ends,
            };
            ensure!(possible, "{name} would wait for {on} for ever");
        }
    }
    let readme = fs::read_to_string(root().join("deploy/README.md"))?;
    for name in SCALED {
        compose.service(name)?;
        ensure!(readme.contains(&format!("--scale {name}=")), "{name}");
    }
    Ok(())
}

fn it_does_not_start_without_its_secrets() -> Result<()> {
    for (secret, other) in [
        ("ORDERLOG_DB_PASSWORD", "ORDERLOG_MASTER_KEY"),
        ("ORDERLOG_MASTER_KEY", "ORDERLOG_DB_PASSWORD"),
    ] {
        let refused = Compose::read(&settings(&[(other, "set")])?);
        let said = format!("{:#}", refused.err().context("it starts")?);
        ensure!(
            said.contains(&format!("{secret} is not set: see .env.example")),
            "{said}"
        );
    }
    Ok(())
}

async fn what_the_file_starts_takes_a_first_order(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let compose = compose()?;
    let Some(mut stage) = Stage::set(env, servers, compose).await? else {
        return Ok(());
    };
    stage.up(&SCALED, &WATCHERS).await?;
    let made = ["api-key", "create", "--name", "admin", "--json"];
    let made: Value = serde_json::from_str(&stage.run("command-api", &made).await?)?;
    let key = made["secret"].as_str().context("no key")?;
    let api = Api::with_key(&stage.url("nginx")?, key);

    let platform = json!({"client_prices": "accepted", "auto_confirm": true});
    let saved = api.request(Method::PUT, "/v1/platforms/web");
    answer(saved.json(&platform)).await?.expect(201)?;
    let order = json!({
        "platform": "web", "external_id": "W-1", "currency": "GBP",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 2, "unit_price": "19.99"}],
    });
    let placed = api.post_once("/v1/orders", "first", &order).await?;
    let path = placed.expect(201)?.header("location").to_owned();
    // Relayed, projected, and confirmed by a worker, with its key and by its URL.
    let read = wait_until("the order to be confirmed", async || {
        let read = api.get(&format!("{path}?min_version=2")).await?;
        Ok((read.json["confirmed"] == true).then_some(read))
    });
    let read = read.await?;
    ensure!(read.json["totals"]["total"] == 3_998, "{}", read.json);
    ensure!(
        read.json["customer"]["name"] == "Ada Lovelace",
        "{}",
        read.json
    );
    export_is_made(&api).await?;
    every_instance_is_asked(&stage, &api, &path).await?;
    stage
        .run("command-api", &["verify", "--wait", "60s"])
        .await?;
    stage.down().await
}

/// A worker writes to the volume what the read API hands out.
async fn export_is_made(api: &Api) -> Result<()> {
    let asked = json!({"kind": "orders", "format": "ndjson"});
    let asked = api.post("/v1/exports", &asked).await?.expect(202)?;
    let path = asked.header("location").to_owned();
    let made = wait_until("the export", async || {
        let export = api.get(&path).await?.expect(200)?;
        Ok((export.json["state"] == "done").then_some(export))
    });
    let link = made.await?.json["download"]["url"].take();
    let link = link.as_str().context("no link")?.to_owned();
    // The link is enough; `.env.example` says where clients reach the front.
    let path = link.strip_prefix("http://localhost:8080");
    let path = path.with_context(|| format!("a link to {link}"))?;
    let file = reqwest::get(format!("{}{path}", api.url())).await?;
    let file = file.error_for_status()?.bytes().await?;
    ensure!(std::str::from_utf8(&file)?.contains("\"W-1\""));
    Ok(())
}

/// The front finds both instances of each, by their one name.
async fn every_instance_is_asked(stage: &Stage<'_>, api: &Api, path: &str) -> Result<()> {
    let (notes, note) = (format!("{path}/notes"), json!({"text": "ring twice"}));
    for (name, path, ask) in [
        ("read-api", path, None),
        ("command-api", notes.as_str(), Some(&note)),
        ("console", "/console", None),
    ] {
        let instances = stage.addresses(name)?;
        ensure!(instances.len() == 2);
        wait_until("both to be asked", async || {
            // Whoever is nobody yet is led to where they sign in.
            let answer: Answer = match ask {
                None => api.get(path).await?,
                Some(note) => api.post(path, note).await?,
            };
            answer.expect(200)?;
            let log = stage.log("nginx")?;
            let asked = |address: &String| log.contains(&format!("\"upstream\":\"{address}\""));
            Ok(instances.iter().all(asked).then_some(()))
        })
        .await?;
    }
    Ok(())
}
