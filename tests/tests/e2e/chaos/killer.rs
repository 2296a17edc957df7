//! Kills, and starts anew.

use super::crash;
use anyhow::{Context as _, Result};
use infra::local_servers::Server;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tests::{PrivateServers, Role, TestEnv};

/// Two of each role, one of each server.
pub struct Killer<'a> {
    env: &'a TestEnv,
    servers: &'a PrivateServers,
    apis: Vec<Option<Role>>,
    relays: Vec<Option<Role>>,
    addresses: Arc<Mutex<Vec<String>>>,
    rng: StdRng,
    tally: BTreeMap<&'static str, usize>,
}

impl<'a> Killer<'a> {
    pub async fn start(env: &'a TestEnv, servers: &'a PrivateServers, seed: u64) -> Result<Self> {
        let (mut apis, mut relays) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let mut api = env.role("command-api").spawn()?;
            api.ready().await?;
            apis.push(Some(api));
            relays.push(Some(env.role("relay").spawn()?));
        }
        let addresses = apis.iter().flatten().map(|api| api.url().to_owned());
        Ok(Self {
            addresses: Arc::new(Mutex::new(addresses.collect())),
            env,
            servers,
            apis,
            relays,
            rng: StdRng::seed_from_u64(seed),
            tally: BTreeMap::new(),
        })
    }

    /// Where the command APIs are, as it changes.
    pub fn addresses(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.addresses)
    }

    /// Kills something, and starts it again a moment later.
    pub async fn kill_one(&mut self) -> Result<()> {
        let which = usize::from(self.rng.random_bool(0.5));
        let name = match self.rng.random_range(0..6) {
            0 | 1 => self.command_api(which).await?,
            2 | 3 => self.relay(which).await?,
            4 => self.server("log", Server::Events).await?,
            _ => self.server("kafka", Server::Kafka).await?,
        };
        *self.tally.entry(name).or_default() += 1;
        Ok(())
    }

    /// What was killed how often.
    pub fn tally(&self) -> String {
        let parts = self.tally.iter();
        let parts: Vec<String> = parts
            .map(|(name, times)| format!("{name} {times}"))
            .collect();
        parts.join(", ")
    }

    async fn command_api(&mut self, which: usize) -> Result<&'static str> {
        let api = self.apis[which].take().context("it runs")?;
        api.kill9().await?;
        let mut api = self.env.role("command-api").spawn()?;
        api.ready().await?;
        {
            let mut addresses = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            api.url().clone_into(&mut addresses[which]);
        }
        self.apis[which] = Some(api);
        Ok("command-api")
    }

    async fn relay(&mut self, which: usize) -> Result<&'static str> {
        let relay = self.relays[which].take().context("it runs")?;
        relay.kill9().await?;
        self.relays[which] = Some(self.env.role("relay").spawn()?);
        Ok("relay")
    }

    async fn server(&mut self, name: &'static str, server: Server) -> Result<&'static str> {
        crash(self.servers, server, &mut self.rng).await?;
        Ok(name)
    }
}
