//! Two of each role, each at an address that it keeps.

use crate::{exports::desk, webhooks::scene::loopback};
use anyhow::{Context as _, Result, ensure};
use infra::{local_servers::free_port, secret::Secret};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tests::{Role, TestEnv};

/// What there are two of each.
pub const ROLES: [&str; 5] = ["command-api", "read-api", "relay", "projector", "worker"];

/// All of them, and the key that they and their clients have.
pub struct Fleet<'a> {
    pub key: String,
    env: &'a TestEnv,
    instances: Vec<Instance>,
    began: Instant,
}

struct Instance {
    role: &'static str,
    /// Of the two.
    number: usize,
    address: String,
    process: Mutex<Option<Process>>,
}

struct Process {
    role: Role,
    /// How many there were of the instance before.
    nth: usize,
    began: Instant,
}

/// What a process takes at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Which of the instances.
    pub instance: usize,
    /// Which of its processes, one after the other.
    pub process: usize,
    /// Since the fleet was started.
    pub at: Duration,
    /// Since the process was started.
    pub age: Duration,
    pub resident_kib: u64,
}

impl<'a> Fleet<'a> {
    /// Every one, ready.
    pub async fn start(env: &'a TestEnv) -> Result<Self> {
        let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
        let made: Value = serde_json::from_str(&made)?;
        let mut ports = BTreeSet::new();
        while ports.len() < 2 * ROLES.len() {
            ports.insert(free_port()?);
        }
        let roles = ROLES.into_iter().flat_map(|role| [(role, 1), (role, 2)]);
        let instances = roles.zip(ports).map(|((role, number), port)| Instance {
            role,
            number,
            address: format!("127.0.0.1:{port}"),
            process: Mutex::default(),
        });
        let fleet = Self {
            key: made["secret"].as_str().context("no secret")?.to_owned(),
            env,
            instances: instances.collect(),
            began: Instant::now(),
        };
        for (which, instance) in fleet.instances.iter().enumerate() {
            *instance.process() = Some(fleet.spawn(which, 0)?);
        }
        fleet.all_ready().await?;
        Ok(fleet)
    }

    /// Where the two of a role answer.
    pub fn urls(&self, role: &str) -> Vec<String> {
        let of_role = self.instances.iter().filter(|one| one.role == role);
        of_role
            .map(|one| format!("http://{}", one.address))
            .collect()
    }

    /// What each instance is called.
    pub fn names(&self) -> Vec<String> {
        self.instances.iter().map(Instance::name).collect()
    }

    /// Which instance the first or second one of a role is.
    pub fn which(&self, role: &str, number: usize) -> Result<usize> {
        let mut instances = self.instances.iter();
        let found = instances.position(|one| one.role == role && one.number == number);
        found.with_context(|| format!("there is no {role} {number}"))
    }

    /// Orders are confirmed by a worker; files, leases and receivers are of this
    /// machine and this test. A worker speaks to the APIs of its number.
    fn spawn(&self, which: usize, nth: usize) -> Result<Process> {
        let instance = &self.instances[which];
        let [commands, queries] = ["command-api", "read-api"].map(|role| self.urls(role));
        let platforms = serde_json::from_value(json!({"default": {"auto_confirm": true}}))?;
        let role = self.env.role(instance.role).at(instance.address.clone());
        let role = role.config(|config| {
            desk::configured(config);
            loopback(config);
            config.platforms = platforms;
            commands[instance.number - 1].clone_into(&mut config.command_url);
            queries[instance.number - 1].clone_into(&mut config.read_url);
            config.api_key = Secret::new(self.key.clone());
        });
        Ok(Process {
            role: role.spawn()?,
            nth,
            began: Instant::now(),
        })
    }

    /// Ends one as a crash does, and starts it anew.
    pub async fn kill(&self, which: usize) -> Result<()> {
        let old = self.taken(which)?;
        old.role.kill9().await?;
        self.start_again(which, old.nth + 1).await
    }

    /// Ends one as it should be, and starts it anew.
    pub async fn replace(&self, which: usize) -> Result<()> {
        let old = self.taken(which)?;
        let ended = old.role.terminate().await?;
        let name = self.instances[which].name();
        ensure!(ended.success(), "{name} was told to end, and {ended}");
        self.start_again(which, old.nth + 1).await
    }

    async fn start_again(&self, which: usize, nth: usize) -> Result<()> {
        let mut new = self.spawn(which, nth)?;
        new.role.ready().await?;
        *self.instances[which].process() = Some(new);
        Ok(())
    }

    /// Waits until every one is ready.
    pub async fn all_ready(&self) -> Result<()> {
        for (which, instance) in self.instances.iter().enumerate() {
            let mut process = self.taken(which)?;
            process.role.ready().await?;
            *instance.process() = Some(process);
        }
        Ok(())
    }

    fn taken(&self, which: usize) -> Result<Process> {
        let instance = &self.instances[which];
        let process = instance.process().take();
        process.with_context(|| format!("{} does not run", instance.name()))
    }

    /// What each process takes now. One that has ended by itself is an error.
    pub fn samples(&self) -> Result<Vec<Sample>> {
        let mut samples = Vec::new();
        for (which, instance) in self.instances.iter().enumerate() {
            let process = instance.process();
            let Some(process) = &*process else { continue };
            let resident_kib = process.role.resident_kib();
            samples.push(Sample {
                instance: which,
                process: process.nth,
                at: self.began.elapsed(),
                age: process.began.elapsed(),
                resident_kib: resident_kib.with_context(|| instance.name())?,
            });
        }
        Ok(samples)
    }
}

impl Instance {
    fn name(&self) -> String {
        format!("{} {}", self.role, self.number)
    }

    /// None while it is being ended and started again.
    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
