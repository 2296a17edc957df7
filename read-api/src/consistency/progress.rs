//! Waiting for the views to move on.
//!
//! Each request looks once for itself. All who have to wait share one task: it is
//! woken by notifications (a hint) and by a slow poll (the guarantee), asks once for
//! everybody, and tells everybody what it has seen. So a thousand waiters cost the
//! database what one does.

use super::{
    About,
    store::{self, Asked, Seen},
};
use crate::{background::Background, servers::Servers};
use contracts::LogPosition;
use infra::{config::Config, views::NOTIFY_CHANNEL};
use sqlx::{PgPool, postgres::PgListener};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Notifications that come faster than this share one question.
const SPACING: Duration = Duration::from_millis(3);
/// How long after a lost connection it is tried again.
const RECONNECT: Duration = Duration::from_secs(1);

/// Something to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Something in this version or a later one.
    Version {
        /// What.
        about: About,
        /// From 1.
        version: i64,
    },
    /// A partition that has passed this place in the log.
    Position {
        /// Name of the projection.
        model: &'static str,
        /// Partition.
        partition: i32,
        /// Place.
        at: LogPosition,
    },
}

impl Target {
    fn is_reached(&self, seen: &Seen) -> bool {
        match self {
            Self::Version { about, version } => seen.versions.get(about) >= Some(version),
            Self::Position {
                model,
                partition,
                at,
            } => {
                let frontier = seen.frontiers.get(*model);
                frontier.and_then(|frontier| frontier.get(partition)) >= Some(at)
            }
        }
    }
}

/// What came of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// A server has what was asked for.
    Reached {
        /// Its place.
        by: usize,
    },
    /// What the request is about is parked: nothing comes of waiting.
    Parked,
    /// They do not have it in time.
    NotYet,
}

/// What one request waits for.
#[derive(Debug)]
pub struct Wait {
    /// All of it.
    pub targets: Vec<Target>,
    /// The one thing that the request is about.
    pub about: Option<About>,
}

impl Wait {
    /// What the views are asked for it.
    fn asked(&self) -> Asked {
        let mut targets = self.targets.iter();
        Asked {
            abouts: self.about.into_iter().collect(),
            places: targets.any(|target| matches!(target, Target::Position { .. })),
        }
    }

    /// What came of it, if anything did yet.
    fn over(&self, seen: &Seen) -> Option<Waited> {
        if self.targets.iter().all(|target| target.is_reached(seen)) {
            return Some(Waited::Reached { by: seen.by });
        }
        let parked = self.about.is_some_and(|about| seen.parked.contains(&about));
        parked.then_some(Waited::Parked)
    }
}

/// How much waiting there may be, and how.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Requests that may wait at the same time; more are answered at once.
    pub waiters: usize,
    /// How often the views are asked when nobody says that they have moved.
    pub poll: Duration,
}

impl Patience {
    /// What a role is told of it.
    pub fn of(config: &Config) -> Self {
        Self {
            // More than that a semaphore cannot count.
            waiters: config.read_waits.min(Semaphore::MAX_PERMITS),
            poll: Duration::from_millis(config.read_waits_poll_ms),
        }
    }
}

/// What is waited for, and by how many.
#[derive(Debug, Default)]
struct Wanted {
    requests: usize,
    abouts: HashMap<About, usize>,
    places: usize,
}

/// How far the views are, and those who wait for more. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<Shared>);

struct Shared {
    servers: Servers,
    patience: Patience,
    wanted: Mutex<Wanted>,
    places: Semaphore,
    /// Something may have moved.
    look: Notify,
    seen: watch::Sender<Seen>,
    /// Something may have moved.
    moved: watch::Sender<()>,
    /// Nobody asks any more: the role is about to end.
    stopped: CancellationToken,
}

impl Progress {
    /// Starts watching the primary, or who answers in its place; notifications
    /// are received on a connection of `listener`.
    pub fn start(
        servers: Servers,
        listener: PgPool,
        patience: Patience,
        background: &Background<'_>,
    ) -> Self {
        let progress = Self(Arc::new(Shared {
            servers,
            patience,
            wanted: Mutex::default(),
            places: Semaphore::new(patience.waiters),
            look: Notify::new(),
            seen: watch::Sender::default(),
            moved: watch::Sender::default(),
            stopped: CancellationToken::new(),
        }));
        let shared = Arc::clone(&progress.0);
        background.spawn("read waits", async move {
            let _stops = shared.stopped.clone().drop_guard();
            tokio::join!(shared.watch(), shared.listen(&listener));
        });
        progress
    }

    /// Changes whenever somebody says that the views have moved: a hint.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.0.moved.subscribe()
    }

    /// Waits until the views have what is asked for, or never will, at most
    /// for `time`. Says no at once when too many are waiting already, or the
    /// role is about to end.
    pub async fn wait(&self, wait: &Wait, time: Duration) -> Result<Waited, sqlx::Error> {
        let started = Instant::now();
        if let Some(by) = self.0.had_by_a_replica(wait).await {
            return Ok(Waited::Reached { by });
        }
        // Those who may wait are known before they look: whatever moves afterwards
        // is looked at for them as well, and is seen from here on.
        let _wanted = (!time.is_zero()).then(|| self.want(wait.asked()));
        let mut news = self.0.seen.subscribe();
        let seen = self.0.seen_now(&wait.asked()).await?;
        if let Some(over) = wait.over(&seen) {
            return Ok(over);
        }
        let (result, waited) = match self.0.places.try_acquire() {
            _ if time.is_zero() => ("not_waited", Waited::NotYet),
            Err(_) => ("too_many", Waited::NotYet),
            Ok(_place) => {
                let left = time.saturating_sub(started.elapsed());
                let over = tokio::time::timeout(left, over(wait, &mut news));
                match self.0.stopped.run_until_cancelled(over).await {
                    Some(Ok(reached @ Waited::Reached { .. })) => ("reached", reached),
                    Some(Ok(other)) => ("parked", other),
                    Some(Err(_)) => ("timed_out", Waited::NotYet),
                    None => ("stopped", Waited::NotYet),
                }
            }
        };
        metrics::counter!("orderlog_read_waits_total", "result" => result).increment(1);
        metrics::histogram!("orderlog_read_wait_seconds").record(started.elapsed());
        Ok(waited)
    }

    fn want(&self, asked: Asked) -> Waiting<'_> {
        let shared = &*self.0;
        shared.wanted().add(&asked);
        Waiting { shared, asked }
    }
}

/// What comes of waiting, by what is seen from now on: what was seen before may be
/// older than the request's own look.
async fn over(wait: &Wait, news: &mut watch::Receiver<Seen>) -> Waited {
    let _waiting = Counted::new();
    while news.changed().await.is_ok() {
        if let Some(over) = wait.over(&news.borrow_and_update()) {
            return over;
        }
    }
    // The sender is gone, which whoever waits keeps.
    Waited::NotYet
}

/// Counted among those who wait, as long as it is there.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("orderlog_read_waiting").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("orderlog_read_waiting").decrement(1);
    }
}

/// One request that waits, or looks whether it has to, as long as it does.
struct Waiting<'a> {
    shared: &'a Shared,
    asked: Asked,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.wanted().remove(&self.asked);
    }
}

impl Wanted {
    fn add(&mut self, asked: &Asked) {
        self.requests += 1;
        for about in &asked.abouts {
            *self.abouts.entry(*about).or_default() += 1;
        }
        self.places += usize::from(asked.places);
    }

    fn remove(&mut self, asked: &Asked) {
        self.requests -= 1;
        for about in &asked.abouts {
            if let Entry::Occupied(mut wanted) = self.abouts.entry(*about) {
                *wanted.get_mut() -= 1;
                if *wanted.get() == 0 {
                    wanted.remove();
                }
            }
        }
        self.places -= usize::from(asked.places);
    }

    /// What is asked for all of them.
    fn asked(&self) -> Asked {
        Asked {
            abouts: self.abouts.keys().copied().collect(),
            places: self.places > 0,
        }
    }
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replica in turn, where it has what is waited for. What is asked of
    /// one thing is not asked of replicas.
    async fn had_by_a_replica(&self, wait: &Wait) -> Option<usize> {
        if wait.about.is_some() {
            return None;
        }
        let asked = &wait.asked();
        let route = self.servers.beginning_with(self.servers.replica_in_turn()?);
        let read = route.read(|views| async move { store::seen(&views, asked).await });
        let (mut seen, by) = read.await.ok()?;
        seen.by = by;
        let over = wait.over(&seen)?;
        matches!(over, Waited::Reached { .. }).then_some(by)
    }

    /// What the primary has, or who answers in its place.
    async fn seen_now(&self, asked: &Asked) -> Result<Seen, sqlx::Error> {
        let route = self.servers.for_one();
        let read = route.read(|views| async move { store::seen(&views, asked).await });
        let (seen, by) = read.await?;
        Ok(Seen { by, ..seen })
    }

    fn somebody_waits(&self) -> bool {
        self.wanted().requests > 0
    }

    /// Asks for everybody who waits.
    async fn watch(&self) {
        loop {
            // Ending by the time is as good as ending by a notification.
            let _ = tokio::time::timeout(self.patience.poll, self.look.notified()).await;
            if self.somebody_waits() {
                self.ask().await;
                tokio::time::sleep(SPACING).await;
            }
        }
    }

    async fn ask(&self) {
        let asked = self.wanted().asked();
        match self.seen_now(&asked).await {
            Ok(seen) => {
                self.seen.send_replace(seen);
            }
            // Those who wait do so until their time is over.
            Err(error) => tracing::debug!(%error, "read_waits.not_asked"),
        }
    }

    /// Passes notifications on, on one connection for as long as it lives.
    async fn listen(&self, pool: &PgPool) {
        loop {
            if let Err(error) = self.listen_once(pool).await {
                tracing::debug!(%error, "read_waits.not_listening");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn listen_once(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(NOTIFY_CHANNEL).await?;
        loop {
            // None: the connection was lost and made again; something may have
            // been missed.
            listener.try_recv().await?;
            self.look.notify_one();
            self.moved.send_replace(());
        }
    }
}
