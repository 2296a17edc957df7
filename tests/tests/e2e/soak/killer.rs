//! Kills and replaces, one after the other, at moments of its own.

use super::{
    Plan,
    fleet::{Fleet, ROLES},
};
use crate::chaos::crash;
use anyhow::{Context as _, Result, ensure};
use infra::local_servers::Server;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    time::Duration,
};
use tests::PrivateServers;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Seconds from one blow to the next one, about, in a run that is long.
const PACE: u32 = 20;
/// How many blows there are at least: each role is killed, and one server.
const FEWEST: u32 = 6;

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    /// A role is killed, and is started again.
    Killed(&'static str),
    /// A role is told to end, and another one is in its place.
    Replaced(&'static str),
    /// A server is killed, and is started again.
    Crashed(Server),
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(role) => write!(f, "{role} killed"),
            Self::Replaced(role) => write!(f, "{role} replaced"),
            Self::Crashed(server) => write!(f, "{} killed", server.id()),
        }
    }
}

/// What a run has in store.
pub struct Killer<'a> {
    fleet: &'a Fleet<'a>,
    servers: &'a PrivateServers,
    lasts: Duration,
    rng: StdRng,
    /// What is to happen, the next one last.
    deck: Vec<Blow>,
    tally: BTreeMap<Blow, u32>,
}

impl<'a> Killer<'a> {
    pub fn new(fleet: &'a Fleet<'a>, servers: &'a PrivateServers, plan: &Plan) -> Self {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        Self {
            deck: first(&mut rng),
            fleet,
            servers,
            lasts: plan.lasts,
            rng,
            tally: BTreeMap::new(),
        }
    }

    /// Blows until the time of the run is over, which it says then.
    pub async fn run(&mut self, over: &CancellationToken) -> Result<()> {
        let began = Instant::now();
        let many = u32::try_from(self.lasts.as_secs())? / PACE;
        let blows = many.saturating_sub(1).max(FEWEST);
        let pace = self.lasts / (blows + 1);
        for nth in 1..=blows {
            let jitter: f64 = self.rng.random_range(-0.3..0.3);
            sleep_until(began + pace.mul_f64(f64::from(nth) + jitter)).await;
            // By its number, not by the clock: a seed repeats its run.
            let spared = 3 * nth > blows && 6 * nth < 5 * blows;
            let blow = self.drawn()?;
            eprintln!("soak, after {} s: {blow}", began.elapsed().as_secs());
            let struck = self.strike(blow, spared).await;
            struck.with_context(|| blow.to_string())?;
        }
        sleep_until(began + self.lasts).await;
        over.cancel();
        Ok(())
    }

    fn drawn(&mut self) -> Result<Blow> {
        if self.deck.is_empty() {
            self.deck = whole(&mut self.rng);
        }
        self.deck.pop().context("there is no blow")
    }

    async fn strike(&mut self, blow: Blow, spared: bool) -> Result<()> {
        match blow {
            Blow::Killed(role) => {
                let which = self.one_of(role, spared)?;
                self.fleet.kill(which).await?;
            }
            Blow::Replaced(role) => {
                let which = self.one_of(role, spared)?;
                self.fleet.replace(which).await?;
            }
            Blow::Crashed(server) => crash(self.servers, server, &mut self.rng).await?,
        }
        *self.tally.entry(blow).or_default() += 1;
        Ok(())
    }

    /// Either of them in the first third of the run and at its end. Between, where
    /// the first one is spared, only the second one: so the first one has time to
    /// show whether it grows.
    fn one_of(&mut self, role: &str, spared: bool) -> Result<usize> {
        let any = self.rng.random_range(1..=2);
        self.fleet.which(role, if spared { 2 } else { any })
    }

    /// Each role was killed, and a server; in a run that has time for it, each role
    /// was replaced as well, and every server was killed.
    pub fn has_met_everybody(&self) -> Result<()> {
        let met = |blow| self.tally.contains_key(&blow);
        let server = |server| met(Blow::Crashed(server));
        ensure!(
            ROLES.into_iter().all(|role| met(Blow::Killed(role)))
                && Server::ALL.into_iter().any(server),
            "{}",
            self.table()
        );
        let blows: u32 = self.tally.values().sum();
        let all: usize = 2 * ROLES.len() + Server::ALL.len();
        ensure!(
            usize::try_from(blows)? < all
                || ROLES.into_iter().all(|role| met(Blow::Replaced(role)))
                    && Server::ALL.into_iter().all(server),
            "{}",
            self.table()
        );
        Ok(())
    }

    /// What happened how often.
    pub fn table(&self) -> String {
        let mut table = "| what | times |\n|---|---|\n".to_owned();
        for (blow, times) in &self.tally {
            let _ = writeln!(table, "| {blow} | {times} |");
        }
        table
    }
}

/// Everything once, what a short run comes to first: it is taken from the end.
fn first(rng: &mut StdRng) -> Vec<Blow> {
    let mut servers = Server::ALL.map(Blow::Crashed);
    servers.shuffle(rng);
    let [one, others @ ..] = servers;
    let mut later: Vec<Blow> = ROLES
        .map(Blow::Replaced)
        .into_iter()
        .chain(others)
        .collect();
    later.shuffle(rng);
    let mut soon: Vec<Blow> = ROLES.map(Blow::Killed).into_iter().chain([one]).collect();
    soon.shuffle(rng);
    [later, soon].concat()
}

/// Roles killed twice, replaced once, and every server.
fn whole(rng: &mut StdRng) -> Vec<Blow> {
    let killed = ROLES.map(Blow::Killed);
    let replaced = ROLES.map(Blow::Replaced);
    let servers = Server::ALL.map(Blow::Crashed);
    let mut deck = [&killed[..], &killed, &replaced, &servers].concat();
    deck.shuffle(rng);
    deck
}
