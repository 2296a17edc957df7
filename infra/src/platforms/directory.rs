//! The platforms that commands are decided by, and keys are limited by.

use super::{PlatformSettings, Platforms, saved};
use crate::log::{ContractMapping, LogReader};
use contracts::platform::Platform;
use metrics::{counter, describe_counter};
use moka::future::Cache;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// What was read is taken for what is so long, where no hint comes.
const FRESH: Duration = Duration::from_millis(250);
/// Counted from when it was asked for, and whatever happened since: older than
/// this, nothing is decided by it.
const STALE: Duration = Duration::from_millis(800);
/// Platforms in memory.
const PLATFORMS: u64 = 10_000;
/// Says which platform has changed, by its slug.
const CHANNEL: &str = "orderlog_platforms";
const RETRY: Duration = Duration::from_millis(500);
const READS: &str = "orderlog_platform_reads_total";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A platform as it is now.
#[derive(Debug, Clone)]
pub struct PlatformNow {
    /// As it was saved; none where nobody has.
    pub saved: Option<Platform>,
    /// Of how many events; 0 where nobody has saved it.
    pub version: i64,
    /// How it wants its orders to be treated; what the configuration says where
    /// nobody has saved it.
    pub settings: PlatformSettings,
    asked_at: Instant,
}

/// Looks platforms up, in memory and in the log. What it answers was the truth
/// less than a second ago: the log is asked again after a fraction of one. Hints
/// of other processes (NOTIFY) make that sooner; they may be lost.
pub struct Directory {
    source: Arc<Source>,
    known: Cache<String, Arc<PlatformNow>>,
    _listener: Option<AbortOnDropHandle<()>>,
}

struct Source {
    log: PgPool,
    reader: LogReader,
    mapping: Arc<dyn ContractMapping>,
    /// From a slug to the id in the log.
    id: fn(&str) -> Uuid,
    configured: Platforms,
}

impl Directory {
    /// Of the log behind `log`, where a platform has the id that `id` makes of
    /// its slug; hints are listened for on `listener`, which keeps a connection: none,
    /// and a change is known a quarter of a second later.
    pub fn new(
        log: PgPool,
        listener: Option<PgPool>,
        mapping: Arc<dyn ContractMapping>,
        id: fn(&str) -> Uuid,
        configured: Platforms,
    ) -> Self {
        Self::keeping(FRESH, (log, listener), mapping, id, configured)
    }

    /// The same, which takes what it has read for what is for `fresh`, where no hint
    /// comes: for trials of hints, and of how old an answer gets at most, however
    /// long `fresh` is.
    pub fn keeping(
        fresh: Duration,
        (log, listener): (PgPool, Option<PgPool>),
        mapping: Arc<dyn ContractMapping>,
        id: fn(&str) -> Uuid,
        configured: Platforms,
    ) -> Self {
        describe_counter!(
            READS,
            "Look-ups of platforms, by where the answer came from"
        );
        let known = Cache::builder()
            .max_capacity(PLATFORMS)
            .time_to_live(fresh)
            .build();
        let listener = listener.map(|listener| {
            let listening = tokio::spawn(listen(listener, known.clone()));
            AbortOnDropHandle::new(listening)
        });
        let source = Source {
            reader: LogReader::new(log.clone()),
            log,
            mapping,
            id,
            configured,
        };
        Self {
            source: Arc::new(source),
            known,
            _listener: listener,
        }
    }

    /// The platform with this slug. Concurrent questions about one are asked
    /// once.
    ///
    /// # Errors
    /// When the log does not answer, or has an event that cannot be read.
    pub async fn get(&self, slug: &str) -> Result<Arc<PlatformNow>, Arc<BoxError>> {
        if let Some(known) = self.known.get(slug).await
            && known.asked_at.elapsed() < STALE
        {
            counter!(READS, "from" => "memory").increment(1);
            return Ok(known);
        }
        counter!(READS, "from" => "log").increment(1);
        let (source, name) = (Arc::clone(&self.source), slug.to_owned());
        let reading = async move { source.read(&name).await.map(Arc::new) };
        let now = self.known.try_get_with_by_ref(slug, reading).await?;
        if now.asked_at.elapsed() < STALE {
            return Ok(now);
        }
        // It took that long to come here, or another one's answer did.
        self.known.invalidate(slug).await;
        self.source.read(slug).await.map(Arc::new).map_err(Arc::new)
    }

    /// Whether somebody has said how this platform is treated.
    pub fn knows(&self, slug: &str, now: &PlatformNow) -> bool {
        now.version > 0 || self.source.configured.knows(slug)
    }

    /// Says that a platform has changed, here and, as soon as may be, to all
    /// others.
    pub async fn changed(&self, slug: &str) {
        self.known.invalidate(slug).await;
        let (log, slug) = (self.source.log.clone(), slug.to_owned());
        tokio::spawn(async move {
            let sent = sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(slug)
                .execute(&log)
                .await;
            if let Err(error) = sent {
                tracing::debug!(%error, "platforms.hint_lost");
            }
        });
    }
}

impl Source {
    async fn read(&self, slug: &str) -> Result<PlatformNow, BoxError> {
        let asked_at = Instant::now();
        let saved = saved::read(&self.reader, &*self.mapping, (self.id)(slug)).await?;
        let (saved, version) = match saved {
            Some((platform, version)) => (Some(platform), version),
            None => (None, 0),
        };
        let settings = match &saved {
            Some(platform) => PlatformSettings::of(platform),
            None => self.configured.get(slug).clone(),
        };
        Ok(PlatformNow {
            saved,
            version,
            settings,
            asked_at,
        })
    }
}

/// Forgets what has changed, until it is aborted.
async fn listen(log: PgPool, known: Cache<String, Arc<PlatformNow>>) {
    loop {
        if let Err(error) = forget_changed(&log, &known).await {
            tracing::debug!(%error, "platforms.listen_failed");
        }
        sleep(RETRY).await;
    }
}

async fn forget_changed(
    log: &PgPool,
    known: &Cache<String, Arc<PlatformNow>>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(log).await?;
    listener.listen(CHANNEL).await?;
    loop {
        match listener.try_recv().await? {
            Some(changed) => known.invalidate(changed.payload()).await,
            // The connection was lost, and hints with it.
            None => known.invalidate_all(),
        }
    }
}
