//! The role: standing by, leading, and what ends either.

use super::{
    error::{RelayError, Trouble},
    kafka_watch::KafkaWatch,
    lag,
    platforms::PlatformTopics,
    session::Session,
    status::{RelayState, StatusSender},
};
use crate::{
    backoff::Backoff,
    config::Config,
    epoch,
    leader::{LeaderLock, Leadership},
    lifecycle::error_chain,
    log::{ContractMapping, LogReader},
};
use sqlx::PgPool;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How often a relay that does not lead tries to.
const STANDBY: Duration = Duration::from_millis(500);
/// After so long without Kafka leadership is given up: another relay may still
/// reach it.
const GIVE_UP: Duration = Duration::from_secs(10);
/// For the last transaction, when the role is to stop.
const GRACE: Duration = Duration::from_secs(3);
/// Between producers.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Everything the role works with.
pub struct Relay {
    pub config: Config,
    pub log: PgPool,
    /// Where it listens for hints.
    pub listener: PgPool,
    pub reader: LogReader,
    pub leader: LeaderLock,
    pub mapping: Arc<dyn ContractMapping>,
    pub platforms: PlatformTopics,
    pub status: StatusSender,
    /// Transactions that were committed.
    pub commits: AtomicU64,
    pub shutdown: CancellationToken,
}

/// Why leading ended without an error.
enum End {
    Shutdown,
    LeadershipLost,
    KafkaAway,
}

impl Relay {
    /// Until the role is to stop, or something contradicts what was recorded.
    pub async fn run(mut self) -> Result<(), RelayError> {
        let ended = self.take_turns().await;
        self.status.enter(RelayState::Stopped);
        ended
    }

    async fn take_turns(&mut self) -> Result<(), RelayError> {
        let kafka = KafkaWatch::start(&self.config);
        let lag = lag::watch(self.log.clone(), self.status.clone());
        let _lag = AbortOnDropHandle::new(tokio::spawn(lag));
        let shutdown = self.shutdown.clone();
        let mut has_led = false;
        loop {
            let leadership = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                leadership = self.stand_by(&kafka, has_led) => leadership,
            };
            has_led = true;
            let end = Box::pin(self.lead(&leadership, &kafka)).await;
            leadership.release().await;
            match end? {
                End::Shutdown => return Ok(()),
                End::LeadershipLost => self.status.enter(RelayState::Standby),
                End::KafkaAway => self.status.enter(RelayState::KafkaUnreachable),
            }
        }
    }

    /// Waits for Kafka and for the lock; a relay that could not publish does
    /// not stand in the way of one that can.
    async fn stand_by(&mut self, kafka: &KafkaWatch, has_led: bool) -> Leadership {
        if has_led {
            // Whatever was wrong here, it may not be wrong elsewhere.
            sleep(STANDBY * 2).await;
        }
        loop {
            if !kafka.in_reach() {
                if kafka.is_silent() {
                    self.status.enter(RelayState::KafkaUnreachable);
                }
                kafka.answer(STANDBY).await;
                continue;
            }
            match self.leader.try_lead().await {
                Ok(Some(leadership)) => return leadership,
                Ok(None) => self.status.enter(RelayState::Standby),
                Err(error) => {
                    tracing::debug!(error = %error, "relay.lock_failed");
                    self.status.enter(RelayState::LogUnreachable);
                }
            }
            sleep(STANDBY).await;
        }
    }

    async fn lead(&self, leadership: &Leadership, kafka: &KafkaWatch) -> Result<End, RelayError> {
        tokio::select! {
            () = leadership.lost() => Ok(End::LeadershipLost),
            () = kafka.away_for(GIVE_UP) => Ok(End::KafkaAway),
            () = self.shutdown_overdue() => Ok(End::Shutdown),
            end = self.publish(kafka) => end,
        }
    }

    /// What is being published is finished, unless Kafka keeps it waiting.
    async fn shutdown_overdue(&self) {
        self.shutdown.cancelled().await;
        sleep(GRACE).await;
    }

    /// With one producer after another, until Kafka takes nothing for too long.
    async fn publish(&self, kafka: &KafkaWatch) -> Result<End, RelayError> {
        let mut retry = Backoff::new(RETRY.0, RETRY.1);
        let mut last_success = Instant::now();
        while !self.shutdown.is_cancelled() {
            let before = self.commits.load(Ordering::Relaxed);
            match Box::pin(self.session(kafka)).await {
                Ok(()) => return Ok(End::Shutdown),
                Err(Trouble::Fatal(error)) => return Err(error),
                Err(trouble) => {
                    tracing::warn!(reason = error_chain(&trouble), "relay.producer_restarts");
                }
            }
            if self.commits.load(Ordering::Relaxed) > before {
                retry.reset();
                last_success = Instant::now();
            } else if last_success.elapsed() >= GIVE_UP {
                return Ok(End::KafkaAway);
            }
            sleep(retry.pause()).await;
        }
        Ok(End::Shutdown)
    }

    async fn session(&self, kafka: &KafkaWatch) -> Result<(), Trouble> {
        let session = Session::open(self).await?;
        let progress = session.progress().clone();
        tracing::info!(position = ?progress.at, topic.id = %progress.topic_id, "relay.leads");
        self.status.lead_from(progress.at);
        let (epoch, others) = (session.epoch(), session.others());
        tokio::select! {
            left = epoch::left(&self.log, epoch) => Err(match left {
                Ok(_) => Trouble::EpochBegan,
                Err(error) => error.into(),
            }),
            error = kafka.broken(progress.topic_id, others) => Err(error.into()),
            end = session.publish() => end,
        }
    }
}
