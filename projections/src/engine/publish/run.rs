//! The task of the role that publishes, or stands by.

use super::{
    Published, metrics,
    session::{Session, Tools, Trouble},
};
use crate::engine::{environment::Engine, listen, projection::Projection, topic};
use infra::{
    backoff::Backoff,
    leader::{LeaderLock, Leadership},
    lifecycle::{Lifecycle, RoleError, error_chain},
    postgres::Database,
    views::NOTIFY_CHANNEL,
};
use std::{marker::PhantomData, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

/// Name of the session that holds the lock, in `pg_stat_activity`.
const LEADER: &str = "orderlog-publisher-leader";
/// How often a projector that does not publish asks to.
const STANDBY: Duration = Duration::from_millis(500);
/// After trouble; longer than the pause of one that stands by, so that it gets
/// its turn: whatever is wrong here, it may not be wrong elsewhere.
const RETRY: (Duration, Duration) = (Duration::from_millis(750), Duration::from_secs(5));
/// For the last transaction, when the role is to stop.
const GRACE: Duration = Duration::from_secs(3);

struct Publisher<P> {
    tools: Tools,
    lock: LeaderLock,
    leads: watch::Sender<bool>,
    projection: PhantomData<fn() -> P>,
}

/// Publishes the documents of a projection until the lifecycle ends, whenever
/// no other process does. Nothing that goes wrong with it ends the role: only
/// its lag grows.
///
/// # Errors
/// When the URL of the views database cannot be read.
pub fn spawn<P: Projection>(
    engine: &Engine<P>,
    published: Published,
    lifecycle: &Lifecycle,
) -> Result<(), sqlx::Error> {
    metrics::describe();
    let (config, views) = (engine.config.clone(), engine.views().clone());
    let name = config.kafka_name(&super::name(P::NAME));
    let sessions = Database::Views.session_url(&config).to_owned();
    let lock = LeaderLock::new(&sessions, name, LEADER)?;
    let (told, changed) = watch::channel(());
    let shutdown = lifecycle.shutdown.clone();
    let listening = listen::watch(sessions, NOTIFY_CHANNEL, told);
    lifecycle.spawn("publisher watch", async move {
        let watched = shutdown.run_until_cancelled(listening).await;
        watched.unwrap_or(Ok(())).map_err(RoleError::from)
    });
    let (seen, topic_id) = watch::channel(None);
    let shutdown = lifecycle.shutdown.clone();
    let watching = topic::watch_id(config.clone(), published.topic.name, seen, shutdown);
    lifecycle.spawn("publisher topic watch", async {
        watching.await;
        Ok(())
    });
    let (leads, leading) = watch::channel(false);
    let measuring = metrics::watch(P::NAME, views.clone(), leading);
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("publisher lag", async move {
        shutdown.run_until_cancelled(measuring).await;
        Ok(())
    });
    let role = Publisher::<P> {
        tools: Tools {
            config,
            views,
            published,
            changed,
            topic_id,
            shutdown: lifecycle.shutdown.clone(),
        },
        lock,
        leads,
        projection: PhantomData,
    };
    lifecycle.spawn("publisher", async {
        Box::pin(role.run()).await;
        Ok(())
    });
    Ok(())
}

impl<P: Projection> Publisher<P> {
    async fn run(mut self) {
        let shutdown = self.tools.shutdown.clone();
        let mut retry = Backoff::new(RETRY.0, RETRY.1);
        while let Some(leadership) = shutdown.run_until_cancelled(self.stand_by()).await {
            tracing::info!(projection = P::NAME, "publisher.leads");
            self.leads.send_replace(true);
            let ended = self.lead(&leadership, &mut retry).await;
            self.leads.send_replace(false);
            leadership.release().await;
            if let Err(trouble) = ended {
                let (reason, pause) = (error_chain(&trouble), retry.pause());
                tracing::warn!(projection = P::NAME, reason, ?pause, "publisher.waiting");
                shutdown.run_until_cancelled(sleep(pause)).await;
            }
        }
    }

    async fn stand_by(&mut self) -> Leadership {
        loop {
            match self.lock.try_lead().await {
                Ok(Some(leadership)) => return leadership,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "publisher.lock_failed"),
            }
            sleep(STANDBY).await;
        }
    }

    /// Without an error: the lock is lost, or the role is to stop.
    async fn lead(&self, leadership: &Leadership, retry: &mut Backoff) -> Result<(), Trouble> {
        tokio::select! {
            () = leadership.lost() => Ok(()),
            () = overdue(&self.tools.shutdown) => Ok(()),
            ended = self.session(retry) => ended,
        }
    }

    async fn session(&self, retry: &mut Backoff) -> Result<(), Trouble> {
        let mut session = Session::<P>::open(&self.tools).await?;
        retry.reset();
        session.publish().await
    }
}

/// What is being published is finished, unless Kafka keeps it waiting.
async fn overdue(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    sleep(GRACE).await;
}
