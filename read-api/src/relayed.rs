//! How far the relay is, as it is written down on Kafka. Asked only while an
//! operator looks, and no more often than once a second.

use crate::lag::Pace;
use infra::{
    config::Config,
    relay::{self, Progress},
};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// How long Kafka may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer of Kafka's is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Asks, and remembers what it was told.
pub struct Relayed {
    config: Config,
    log: PgPool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    pace: Pace,
    last: Option<(Instant, Option<Sight>)>,
}

/// What was seen of the relay.
#[derive(Debug, Clone)]
pub struct Sight {
    /// What was published last; none where nothing ever was.
    pub progress: Option<Progress>,
    /// How far that is behind the log; none where the log does not answer.
    pub behind: Option<Unpublished>,
    /// How many positions of the log it has come past a second lately; none where
    /// nobody looked a moment ago.
    pub per_second: Option<f64>,
}

/// What is stored and not published.
#[derive(Debug, Clone, Copy)]
pub struct Unpublished {
    /// About so many events.
    pub events: u64,
    /// Age of the first of them.
    pub seconds: f64,
}

impl Relayed {
    /// Of this deployment, with its log.
    pub fn new(config: &Config, log: PgPool) -> Self {
        Self {
            config: config.clone(),
            log,
            seen: Mutex::default(),
        }
    }

    /// Looks; none where Kafka does not answer.
    pub async fn look(&self) -> Option<Sight> {
        let mut seen = self.seen.lock().await;
        if let Some((at, sight)) = &seen.last
            && at.elapsed() < GOOD_FOR
        {
            return sight.clone();
        }
        let sight = self.ask(&mut seen.pace).await;
        seen.last = Some((Instant::now(), sight.clone()));
        sight
    }

    async fn ask(&self, pace: &mut Pace) -> Option<Sight> {
        let asked = timeout(PATIENCE, relay::published(&self.config)).await;
        let progress = match asked.ok()? {
            Ok(progress) => progress,
            Err(error) => {
                tracing::debug!(%error, "relay.place_unknown");
                return None;
            }
        };
        let at = progress.as_ref().map(|progress| progress.at);
        pace.saw(Instant::now(), at.map_or(0, |at| at.position));
        let behind = relay::behind(&self.log, at.unwrap_or_default()).await;
        Some(Sight {
            progress,
            behind: behind.ok().map(Unpublished::of),
            per_second: pace.per_second(),
        })
    }
}

impl Unpublished {
    fn of((events, seconds): (f64, f64)) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a difference of positions, never below zero"
        )]
        let events = events as u64;
        Self { events, seconds }
    }
}
