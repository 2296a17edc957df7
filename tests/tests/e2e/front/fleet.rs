//! Several of each role behind the front, under load, while one after another is
//! killed, restarted, added and taken away.

use super::{
    load::{Load, Told},
    names::Names,
    nginx::{Front, deployed_upstreams, nginx, resolves},
};
use crate::read_api::{exports::files::export, live::events::logged};
use anyhow::{Context as _, Result, ensure};
use infra::{local_servers::free_port, postgres::pool, secret::Secret};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::Ipv4Addr};
use tests::{Api, Role, TestEnv, on_servers, wait_until};

pub fn trials() -> Vec<Trial> {
    vec![
        on_servers(
            "front::fleet::a_killed_api_fails_no_request_that_may_be_sent_again",
            a_killed_api_fails_no_request_that_may_be_sent_again,
        ),
        on_servers(
            "front::fleet::a_rolling_restart_fails_nothing_and_loses_nothing",
            a_rolling_restart_fails_nothing_and_loses_nothing,
        ),
        on_servers(
            "front::fleet::instances_come_and_go_without_a_word_to_the_front",
            instances_come_and_go_without_a_word_to_the_front,
        ),
    ]
}

/// What runs: the front knows APIs and consoles by name, and is known to workers and
/// consoles.
const ROLES: [&str; 10] = [
    "command-api",
    "command-api",
    "read-api",
    "read-api",
    "relay",
    "projector",
    "projector",
    "worker",
    "console",
    "console",
];

struct Fleet<'a> {
    env: &'a TestEnv,
    names: Names,
    /// Of every instance, each at an address of its own.
    port: u16,
    front: Front,
    api: Api,
    instances: Vec<Instance>,
}

struct Instance {
    name: &'static str,
    address: Ipv4Addr,
    role: Option<Role>,
}

/// What a trial came to.
struct Outcome {
    told: Told,
    /// Requests that the front sent to a second instance.
    sent_again: usize,
}

impl<'a> Fleet<'a> {
    /// Every role, ready; none where there is no nginx that could be asked.
    async fn start(env: &'a TestEnv) -> Result<Option<Self>> {
        let Some(nginx) = nginx().await? else {
            return Ok(None);
        };
        if !resolves(&nginx).await? {
            return Ok(None);
        }
        env.orderlog_ok(&["migrate"]).await?;
        let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
        let made: Value = serde_json::from_str(&made)?;
        let names = Names::serve().await?;
        let port = free_port()?;
        let front = Front::before(nginx, &deployed_upstreams(&names, port)?).await?;
        let mut fleet = Self {
            api: Api::with_key(&front.url, made["secret"].as_str().context("no key")?),
            env,
            names,
            port,
            front,
            instances: Vec::new(),
        };
        for name in ROLES {
            fleet.add(name)?;
        }
        for instance in &mut fleet.instances {
            let role = instance.role.as_mut().context("it was started")?;
            role.ready().await?;
        }
        wait_until("the front to have found both APIs", async || {
            let ready = fleet.api.get("/readyz").await?;
            Ok((ready.status == 200).then_some(()))
        })
        .await?;
        Ok(Some(fleet))
    }

    /// One more, which is told of by its name.
    fn add(&mut self, name: &'static str) -> Result<usize> {
        let address = self.names.new_address();
        let role = self.role(name, address)?;
        self.names.add(name, address);
        self.instances.push(Instance {
            name,
            address,
            role: Some(role),
        });
        Ok(self.instances.len() - 1)
    }

    fn role(&self, name: &str, address: Ipv4Addr) -> Result<Role> {
        let role = self.env.role(name).at(format!("{address}:{}", self.port));
        let platforms = serde_json::from_value(json!({"web": {"auto_confirm": true}}))?;
        let role = role.config(|config| {
            config.platforms = platforms;
            if name == "worker" || name == "console" {
                self.front.url.clone_into(&mut config.command_url);
            }
            if name == "worker" {
                config.api_key = Secret::new(self.api.key().to_owned());
            }
        });
        role.spawn()
    }

    /// Ends one as a crash does. Its name goes on telling of it.
    async fn kill(&mut self, which: usize) -> Result<()> {
        let role = self.instances[which].role.take().context("it runs")?;
        role.kill9().await
    }

    /// Ends one as it should be.
    async fn stop(&mut self, which: usize) -> Result<()> {
        let instance = &mut self.instances[which];
        let role = instance.role.take().context("it runs")?;
        let ended = role.terminate().await?;
        ensure!(ended.success(), "{} ended with {ended}", instance.name);
        Ok(())
    }

    /// Starts it anew, where it was, and waits until it is ready.
    async fn start_again(&mut self, which: usize) -> Result<()> {
        let Instance { name, address, .. } = self.instances[which];
        let role = self.role(name, address)?;
        self.instances[which].role.insert(role).ready().await
    }

    /// Waits until the front sends requests to an instance, from now on.
    async fn is_asked(&self, which: usize) -> Result<()> {
        let address = format!("{}:{}", self.instances[which].address, self.port);
        let before = self.front.log()?.len();
        wait_until("the front to ask the new instance", async || {
            let log = self.front.log()?;
            let asked = format!("\"upstream\":\"{address}\"");
            Ok(log[before..].contains(&asked).then_some(()))
        })
        .await
    }

    /// Ends the load, and holds what clients were told against what there is.
    async fn found_whole(&self, mut load: Load) -> Result<Outcome> {
        load.end().await?;
        let events = pool(&self.env.config.events_url, 1)?;
        wait_until("every order to be confirmed", async || {
            let open = "SELECT count(*) FILTER (WHERE event_type = 'OrderPlaced') \
                - count(*) FILTER (WHERE event_type = 'OrderConfirmed') FROM events";
            let open: i64 = sqlx::query_scalar(open).fetch_one(&events).await?;
            Ok((open == 0).then_some(()))
        })
        .await?;
        let verify = ["verify", "--wait", "60s"];
        self.env.orderlog_ok(&verify).await?;
        let log = logged(&events).await?;
        let told = load.told(log.len()).await?;
        ensure!(told.events == log, "the stream told otherwise than the log");

        let orders = self.orders().await?;
        let mut found = BTreeMap::<&str, Vec<&str>>::new();
        for order in &orders {
            let mark = order["tags"][0].as_str().context("no mark")?;
            let id = order["id"].as_str().context("no id")?;
            ensure!(order["confirmed"] == true, "{order}");
            found.entry(mark).or_default().push(id);
        }
        for (mark, ids) in &found {
            ensure!(ids.len() == 1, "{mark} was placed {} times", ids.len());
            let known = told.placed.get(*mark).is_some_and(|id| id == ids[0]);
            let unknown = told.unknown.iter().any(|unknown| unknown == mark);
            ensure!(known || unknown, "{mark} is there, and nobody knows why");
        }
        for mark in told.placed.keys() {
            ensure!(found.contains_key(mark.as_str()), "{mark} was lost");
        }
        let log = self.front.log()?;
        let asked = log.split("\"upstream\":\"").skip(1);
        let asked = asked.filter_map(|asked| asked.split('"').next());
        let sent_again = asked.filter(|asked| asked.contains(", ")).count();
        println!(
            "{} answers, {} of them to come again; {sent_again} requests sent to a second instance; \
             {} orders placed, {} perhaps; {} events told by {} streams",
            told.answers,
            told.refused,
            told.placed.len(),
            told.unknown.len(),
            told.events.len(),
            told.streams,
        );
        Ok(Outcome { told, sent_again })
    }

    /// Every order that is read.
    async fn orders(&self) -> Result<Vec<Value>> {
        let export = export(&self.api, "/v1/orders.ndjson").await?;
        let mut lines = std::str::from_utf8(&export.body)?.lines();
        let trailer = lines.next_back().context("no trailer")?;
        ensure!(trailer.starts_with("{\"trailer\""), "{trailer}");
        lines.map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

async fn a_killed_api_fails_no_request_that_may_be_sent_again(env: &TestEnv) -> Result<()> {
    let Some(mut fleet) = Fleet::start(env).await? else {
        return Ok(());
    };
    let mut load = Load::start(fleet.api.clone());
    load.places(20).await?;
    for name in ["command-api", "read-api"] {
        let first = fleet.instances.iter().position(|one| one.name == name);
        let first = first.context("there is one")?;
        fleet.kill(first).await?;
        load.places(30).await?;
        fleet.start_again(first).await?;
        fleet.is_asked(first).await?;
        load.places(20).await?;
    }
    let outcome = fleet.found_whole(load).await?;
    ensure!(outcome.sent_again > 0, "nothing had to be sent again");
    ensure!(
        outcome.told.refused == 0,
        "one of two was there all the time, and clients were told to come again"
    );
    Ok(())
}

async fn a_rolling_restart_fails_nothing_and_loses_nothing(env: &TestEnv) -> Result<()> {
    let Some(mut fleet) = Fleet::start(env).await? else {
        return Ok(());
    };
    let mut load = Load::start(fleet.api.clone());
    load.places(20).await?;
    for which in 0..fleet.instances.len() {
        fleet.stop(which).await?;
        load.places(5).await?;
        fleet.start_again(which).await?;
        load.places(5).await?;
    }
    fleet.found_whole(load).await?;
    Ok(())
}

async fn instances_come_and_go_without_a_word_to_the_front(env: &TestEnv) -> Result<()> {
    let Some(mut fleet) = Fleet::start(env).await? else {
        return Ok(());
    };
    let mut load = Load::start(fleet.api.clone());
    load.places(5).await?;
    for name in ["command-api", "read-api"] {
        let new = fleet.add(name)?;
        fleet.is_asked(new).await?;
        let first = fleet.instances.iter().position(|one| one.name == name);
        let first = first.context("there is one")?;
        fleet.names.remove(name, fleet.instances[first].address);
        fleet.stop(first).await?;
        load.places(10).await?;
    }
    fleet.found_whole(load).await?;
    Ok(())
}
