//! Projectors, and what befalls them.

use super::{clients::Clients, crash, metrics, value};
use anyhow::{Context as _, Result};
use infra::{config::Config, local_servers::Server, redis::Redis};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use rustix::process::Signal;
use std::{collections::BTreeMap, fmt, time::Duration};
use tests::{PrivateServers, Role, TestEnv, wait_until};
use tokio::time::sleep;

/// What projectors counted. Of those that were killed, as of a moment before:
/// it may have been more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Records that Kafka delivered.
    pub delivered: u64,
    /// Of them, those that were applied.
    pub applied: u64,
    /// Of them, those that the rows had already.
    pub skipped: u64,
    /// Orders that were folded anew, because events before them were missing.
    pub refolded: u64,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No event is applied twice: what was delivered beside that was, or is,
        // delivered again.
        let redelivered = self.delivered.saturating_sub(self.applied);
        write!(
            f,
            "delivered {}, applied {}, redelivered {redelivered}, of which skipped as old {}, \
             orders folded anew {}",
            self.delivered, self.applied, self.skipped, self.refolded
        )
    }
}

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Killed,
    Frozen,
    Doubled,
    Crashed(Server),
    RedisFlushed,
    Rebuilt,
}

const DECK: [Blow; 11] = [
    Blow::Killed,
    Blow::Killed,
    Blow::Killed,
    Blow::Frozen,
    Blow::Frozen,
    Blow::Doubled,
    Blow::Crashed(Server::Views),
    Blow::Crashed(Server::Events),
    Blow::Crashed(Server::Kafka),
    Blow::RedisFlushed,
    Blow::Rebuilt,
];

/// Two projectors, sometimes three.
pub struct Fleet<'a> {
    env: &'a TestEnv,
    servers: &'a PrivateServers,
    roles: Vec<Role>,
    redis: Redis,
    rng: StdRng,
    /// What is to happen next.
    deck: Vec<Blow>,
    /// Of those that are gone.
    gone: Counted,
    tally: BTreeMap<String, usize>,
}

impl<'a> Fleet<'a> {
    pub async fn start(env: &'a TestEnv, servers: &'a PrivateServers, seed: u64) -> Result<Self> {
        let redis = Redis::new(&Config {
            redis_timeout_ms: 5_000,
            ..env.config.clone()
        })?;
        let mut fleet = Self {
            env,
            servers,
            roles: Vec::new(),
            redis,
            rng: StdRng::seed_from_u64(seed),
            deck: Vec::new(),
            gone: Counted::default(),
            tally: BTreeMap::new(),
        };
        for _ in 0..2 {
            fleet.add()?;
        }
        for role in &mut fleet.roles {
            role.ready().await?;
        }
        Ok(fleet)
    }

    fn add(&mut self) -> Result<()> {
        self.roles.push(self.env.role("projector").spawn()?);
        Ok(())
    }

    /// What was done how often.
    pub fn tally(&self) -> String {
        let parts = self.tally.iter();
        let parts: Vec<String> = parts
            .map(|(name, times)| format!("{name} {times}"))
            .collect();
        parts.join(", ")
    }

    /// What all of them counted.
    pub async fn counted(&self) -> Result<Counted> {
        let mut all = self.gone;
        for role in &self.roles {
            all.add(counted(role).await?);
        }
        Ok(all)
    }

    /// Something happens to one of them, or to what they stand on; orders are
    /// placed all the time. Everything happens, in an order that the seed makes.
    pub async fn strike(&mut self, clients: &mut Clients) -> Result<()> {
        if self.deck.is_empty() {
            self.deck.extend(DECK);
            self.deck.shuffle(&mut self.rng);
        }
        let blow = self.deck.pop().context("a blow")?;
        let which = self.rng.random_range(0..self.roles.len());
        match blow {
            Blow::Killed => self.kill(which).await?,
            Blow::Frozen => self.freeze(which, clients).await?,
            Blow::Doubled => self.double(clients).await?,
            Blow::Crashed(server) => crash(self.servers, server, &mut self.rng).await?,
            Blow::RedisFlushed => self.flush().await?,
            Blow::Rebuilt => self.rebuild().await?,
        }
        *self.tally.entry(format!("{blow:?}")).or_default() += 1;
        Ok(())
    }

    /// kill -9, in whatever it is doing, and a new one.
    async fn kill(&mut self, which: usize) -> Result<()> {
        self.lose(which).await?;
        self.add()
    }

    async fn lose(&mut self, which: usize) -> Result<()> {
        let role = self.roles.remove(which);
        // It may still be starting, and have counted nothing.
        self.gone.add(counted(&role).await.unwrap_or_default());
        role.kill9().await
    }

    /// It stops in the middle, its partitions go to others; then it goes on,
    /// with a batch in its hands and offsets that are no longer its own.
    async fn freeze(&mut self, which: usize, clients: &mut Clients) -> Result<()> {
        self.roles[which].signal(Signal::STOP)?;
        clients.are_answered(60).await?;
        // Longer, at times, than the group waits for a member.
        let frozen = self.rng.random_range(0..9_000);
        sleep(Duration::from_millis(frozen)).await;
        self.roles[which].signal(Signal::CONT)
    }

    /// One more for a while: every partition moves to somebody, and back.
    async fn double(&mut self, clients: &mut Clients) -> Result<()> {
        self.add()?;
        let last = self.roles.len() - 1;
        self.roles[last].log_line("projector.assigned").await?;
        clients.are_answered(40).await?;
        self.lose(last).await
    }

    async fn flush(&self) -> Result<()> {
        self.redis.command::<()>(&redis::cmd("FLUSHALL")).await?;
        Ok(())
    }

    /// What follows a build was delivered before, in part.
    async fn rebuild(&self) -> Result<()> {
        // Right after a server came back its clients may have to find it anew.
        wait_until("a rebuild", async || {
            let built = self.env.orderlog(&["rebuild", "orders"]).await?;
            Ok(built.status.success().then_some(()))
        })
        .await
    }
}

impl Counted {
    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.applied += other.applied;
        self.skipped += other.skipped;
        self.refolded += other.refolded;
    }
}

/// All of one moment.
pub async fn counted(role: &Role) -> Result<Counted> {
    let metrics = metrics(role).await?;
    let count = |name: &str| -> Result<u64> {
        let name = format!("orderlog_projection_{name}_total{{projection=\"orders\"}}");
        let counted = value(&metrics, &name).unwrap_or("0").parse::<u64>();
        counted.context(name)
    };
    Ok(Counted {
        delivered: count("delivered")?,
        applied: count("applied")?,
        skipped: count("skipped")?,
        refolded: count("refolded")?,
    })
}
